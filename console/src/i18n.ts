/* Two languages, complete by construction: a text cannot be written without its other half. */
export type Lang = 'en' | 'zh';

const KEY = 'gatehouse.lang';
let lang: Lang = (localStorage.getItem(KEY) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en')) === 'zh' ? 'zh' : 'en';

export const language = (): Lang => lang;
export const t = (en: string, zh: string): string => (lang === 'zh' ? zh : en);

export function setLanguage(next: Lang): void {
	lang = next;
	localStorage.setItem(KEY, next);
	document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
}
setLanguage(lang);

type Pair = readonly [en: string, zh: string];
const words: Record<string, Pair> = {
	Locked: ['Locked', '已上锁'],
	Unlocked: ['Unlocked', '未上锁'],
	Accessed: ['Opened once', '单次开启'],
	Blocked: ['Blocked', '已封闭'],
	LockedDown: ['Lockdown', '紧急封锁'],
	LockedOpen: ['Evacuation', '疏散常开'],
	DoubleLocked: ['Double locked', '双重锁定'],
	Open: ['Open', '打开'],
	Closed: ['Closed', '关闭'],
	Unknown: ['Unknown', '未知'],
	Fault: ['Fault', '故障'],
	FaultDetected: ['Fault', '故障'],
	Normal: ['Normal', '正常'],
	DoorForcedOpen: ['Forced open', '强行打开'],
	DoorOpenTooLong: ['Held open', '开启过久'],
	CredentialNotFound: ['Not enrolled here', '未登记'],
	CredentialNotEnabled: ['Credential is off', '凭证停用'],
	CredentialNotActive: ['Not valid yet', '凭证未生效'],
	CredentialExpired: ['Expired', '凭证过期'],
	InvalidPIN: ['Wrong PIN', '密码错误'],
	NotPermittedAtThisTime: ['Not at this time', '不在允许时段'],
	Unauthorized: ['Not allowed here', '无权限'],
	AntiPassback: ['Anti-passback', '防反传'],
	Interlock: ['Interlock', '互锁'],
	face: ['face', '人脸'],
	card: ['card', '卡'],
	pin: ['PIN', '密码'],
	qr: ['QR code', '二维码'],
	pass: ['pass', '通行证'],
	remote: ['remote', '远程'],
	alert: ['Alert', '警报'],
	suspected: ['Suspected', '疑似'],
	confirmed: ['Confirmed', '属实'],
	false: ['False', '误报'],
	unsure: ['Unsure', '不确定'],
	bird: ['Bird', '鸟'],
	insect: ['Insect', '昆虫'],
	leaf: ['Leaf or litter in the wind', '树叶或风吹物'],
	laundry: ['Laundry', '晾晒物'],
	rain: ['Rain or snow', '雨雪'],
	light: ['Light or reflection', '光线或反光'],
	other: ['Something else', '其他'],
	/* why the gate thinks that something was thrown: each may speak for it or against it */
	'travels-storeys': ['storeys fallen', '下落层数'],
	travels: ['way fallen', '下落距离'],
	'falls-like-gravity': ['likeness to a free fall', '与自由下落的吻合度'],
	'unlike-a-fall': ['metres off a free fall', '与自由下落的偏差'],
	'faster-than-falling': ['speed of a free fall', '相对自由下落的速度'],
	'speeds-up': ['speeding up', '加速情况'],
	'slows-down': ['speed at the end', '末端速度'],
	'keeps-going-down': ['down all the way', '持续向下'],
	drifts: ['drift in the wind', '随风飘动'],
	wavers: ['swinging', '左右摆动'],
	leaps: ['leaps', '跳跃'],
	'enters-sideways': ['coming from the side', '从侧面进入'],
	'came-flying': ['flying before', '此前的飞行'],
	'goes-on-after': ['motion after the fall', '下落后的移动'],
	'begins-off-the-facade': ['beginning at the facade', '起点与立面的关系'],
	'goes-where-others-did': ['way of earlier ones', '与先前轨迹相同'],
	'well-trodden': ['a way that many took', '常见路径'],
	'restless-place': ['restlessness of the place', '所在区域的不稳定'],
	crowd: ['things at once', '同时出现的物体'],
	ambiguous: ['other things nearby', '附近其他物体'],
	'picture-upset': ['shaking or flashing picture', '画面抖动或闪光'],
	'seldom-seen': ['gaps between sights', '观测间断'],
	'few-sights': ['number of sights', '观测次数'],
	tiny: ['smallness', '过小'],
	'too-large': ['largeness', '过大'],
	'too-slow': ['speed for its size', '相对大小的速度'],
	crawls: ['speed', '移动速度'],
	streak: ['length to width', '长宽比'],
	faint: ['faintness', '模糊程度'],
	'changes-lightness': ['change of lightness', '明暗变化'],
	'changes-size': ['change of size', '大小变化'],
	'stands-out': ['unlike what else falls', '与其他下落物不同'],
	live: ['live', '在线'],
	connecting: ['connecting', '连接中'],
	connected: ['connected', '已连接'],
	disconnected: ['disconnected', '未连接'],
	lost: ['lost', '丢失'],
	failed: ['failed', '失败'],
	off: ['off', '关闭'],
	ok: ['in order', '正常'],
	clear: ['clear', '清晰'],
	frozen: ['frozen', '画面冻结'],
	dark: ['dark', '过暗'],
	glare: ['glare', '强光'],
	covered: ['covered', '被遮挡'],
	moved: ['moved', '被移动'],
	storm: ['storm', '恶劣天气'],
	guard: ['guard', '保安'],
	manager: ['manager', '经理'],
	admin: ['admin', '管理员'],
	info: ['info', '信息'],
	warning: ['warning', '警告'],
	alarm: ['alarm', '报警'],
	active: ['active', '接通'],
	inactive: ['inactive', '断开'],
	unknown: ['unknown', '未知'],
	rule: ['rule', '规则'],
	credential: ['credential', '凭证'],
	person: ['person', '人员'],
	group: ['group', '分组'],
	schedule: ['schedule', '时间表'],
	holiday: ['holiday', '节假日'],
	area: ['area', '区域'],
	holder: ['rights of a person', '人员权限'],
	socket: ['the gate itself', '本机'],
	granted: ['granted', '放行'],
	denied: ['denied', '拒绝'],
	grant: ['would get in', '可以进入'],
	deny: ['would be refused', '将被拒绝'],
	more: ['must show more', '需更多凭证'],
	'access.granted': ['Entry granted', '准许进入'],
	'access.denied': ['Entry denied', '拒绝进入'],
	'access.taken': ['Went through', '已通过'],
	'access.not_taken': ['Did not go through', '未通过'],
	'access.duress': ['Duress', '胁迫'],
	'access.guard_asked': ['Guard asked', '请求保安'],
	'litter.detected': ['Thrown object', '高空抛物'],
	'litter.suspected': ['Thrown object, suspected', '疑似高空抛物'],
	'door.forced': ['Door forced', '门被强行打开'],
	'door.held_open': ['Door held open', '门开启过久'],
	'door.exit': ['Exit button', '出门按钮'],
	'door.mode': ['Door mode', '门模式'],
	'door.physical': ['Door leaf', '门扇'],
	'fire.alarm': ['Fire', '火警'],
	'operator.act': ['Operator', '操作'],
	'wrong-login': ['The name or the password is wrong.', '用户名或密码错误。'],
	'totp-needed': ['Give the code of your second factor.', '请输入动态验证码。'],
	'wrong-totp': ['That code is wrong or was used already.', '验证码错误或已使用。'],
	'bad-request': ['Something in it is wrong.', '输入有误。'],
	'no-session': ['You are not logged in.', '您尚未登录。'],
	'not-found': ['This is not there any more.', '该内容已不存在。'],
	'no-such-path': ['There is nothing at this address.', '此地址没有内容。'],
	'no-such-method': ['This cannot be done here.', '此处不能执行该操作。'],
	'no-such-range': ['There is no such part of it.', '没有所请求的部分。'],
	'no-version': ['Say which version you mean.', '请指明版本。'],
	'no-video': ['This camera is shown as pictures.', '该摄像机以图片方式显示。'],
	'not-kept': ['It could not be written to the disk; nothing was changed.', '无法写入磁盘，未做任何更改。'],
	conflict: ['This is not possible now.', '当前状态不允许此操作。'],
	unusable: ['This cannot be used.', '无法使用。'],
	host: ['Call the gate by the name of this machine.', '请以本机名称访问闸机。'],
	changed: ['Somebody else changed this meanwhile. Look at it again, then repeat.', '此内容已被他人修改，请重新查看后再操作。'],
	'evidence-changed': ['The evidence is no longer what was recorded. It is not exported.', '证据与记录不符，不能导出。'],
	'no-evidence': ['There is no evidence left of this.', '该记录的证据已不存在。'],
	role: ['Your role may not do this.', '您的角色无权执行此操作。'],
	forbidden: ['Your role may not do this.', '您的角色无权执行此操作。'],
	'too-often': ['Too many wrong tries. Wait a while.', '错误次数过多，请稍后再试。'],
	busy: ['The gate is busy. Try again in a moment.', '闸机繁忙，请稍后重试。'],
	'no-room': ['There is no room for this.', '空间不足。'],
	token: ['This session is no longer valid. Log in again.', '会话已失效，请重新登录。'],
	'no-connection': ['The gate does not answer.', '闸机没有响应。'],
};

/** Words that only some pages need come with them. */
export const moreWords = (more: Record<string, Pair>): void => void Object.assign(words, more);

/** What a stable word of the API is called by people; the word itself where nobody named it. */
export function word(name: string | null | undefined): string {
	const pair = name == null ? undefined : words[name];

	return pair ? t(pair[0], pair[1]) : (name ?? '–');
}

const locale = (): string => (lang === 'zh' ? 'zh-CN' : 'en-GB');
export const time = (iso: string): string =>
	new Date(iso).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const moment = (iso: string): string =>
	new Date(iso).toLocaleString(locale(), { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const count = (n: number): string => n.toLocaleString(locale());
