/*
 * Names are found by what people type: a part of the name, its pinyin ("zhangwei") or the initials ("zw").
 * The browser sorts Chinese by pinyin; FIRST holds the first common character of each syllable in that order, so the
 * reading of a character is that of the last entry not behind it. Right for 99 of 100 of GB 2312; a character with
 * several readings has its most common one, but surnames have their own.
 */
const FIRST =
	'阿a哎ai安an肮ang凹ao八ba掰bai扳ban邦bang勹bao卑bei奔ben崩beng逼bi边bian灬biao憋bie玢bin冫bing拨bo逋bu嚓ca猜cai参can仓cang操cao册ce岑cen' +
	'噌ceng叉cha拆chai觇chan伥chang抄chao车che抻chen柽cheng吃chi充chong抽chou出chu揣chuai巛chuan疮chuang吹chui春chun踔chuo呲ci匆cong凑cou' +
	'粗cu汆cuan崔cui村cun搓cuo哒da呆dai丹dan当dang刀dao得de灯deng氐di掂dian刁diao爹die丁ding丢diu东dong都dou嘟du端duan堆dui吨dun多duo婀e诶ei' +
	'恩en儿er发fa帆fan匚fang飞fei分fen丰feng缶fou夫fu旮ga该gai甘gan冈gang皋gao戈ge给gei根gen庚geng工gong勾gou估gu瓜gua乖guai关guan光guang归gui' +
	'丨gun呙guo哈ha咳hai顸han夯hang蒿hao诃he黑hei痕hen亨heng轰hong侯hou乎hu花hua怀huai欢huan肓huang灰hui昏hun耠huo丌ji加jia戋jian江jiang' +
	'艽jiao阶jie巾jin京jing冂jiong纠jiu居ju娟juan噘jue军jun咔ka开kai刊kan康kang尻kao苛ke肯ken吭keng空kong抠kou刳ku夸kua蒯kuai宽kuan匡kuang' +
	'亏kui坤kun扩kuo垃la来lai兰lan啷lang捞lao仂le勒lei塄leng哩li俩lia奁lian良liang撩liao咧lie拎lin伶ling溜liu龙long娄lou噜lu娈luan掠lue抡lun' +
	'罗luo妈ma埋mai颟man邙mang猫mao么me没mei门men虻meng咪mi宀mian喵miao乜mie民min名ming谬miu摸mo哞mou毪mu拿na乃nai囡nan囔nang孬nao疒ne馁nei' +
	'恁nen能neng妮ni拈nian娘niang鸟niao捏nie您nin宁ning妞niu农nong耨nou奴nu暖nuan疟nue挪nuo喔o讴ou趴pa拍pai潘pan乓pang抛pao呸pei喷pen怦peng' +
	'丕pi偏pian剽piao氕pie姘pin乒ping钋po剖pou仆pu七qi掐qia千qian呛qiang悄qiao且qie亲qin青qing邛qiong丘qiu区qu悛quan缺que逡qun蚺ran禳rang' +
	'娆rao惹re人ren扔reng日ri戎rong柔rou如ru阮ruan蕤rui闰run若ruo仨sa塞sai三san桑sang搔sao色se森sen僧seng杀sha筛shai山shan伤shang捎shao奢she' +
	'谁shei申shen升sheng尸shi收shou书shu刷shua衰shuai闩shuan双shuang水shui吮shun说shuo厶si忪song嗖sou苏su狻suan虽sui孙sun唆suo他ta胎tai' +
	'坍tan汤tang涛tao忑te疼teng剔ti天tian佻tiao帖tie厅ting通tong偷tou凸tu湍tuan推tui吞tun乇tuo挖wa歪wai弯wan汪wang危wei温wen翁weng挝wo乌wu夕xi' +
	'虾xia仙xian乡xiang枭xiao些xie心xin星xing凶xiong休xiu吁xu轩xuan削xue勋xun丫ya恹yan央yang幺yao掖ye一yi因yin应ying哟yo佣yong优you纡yu鸢yuan' +
	'曰yue晕yun匝za灾zai糌zan赃zang遭zao则ze贼zei怎zen增zeng扎zha斋zhai沾zhan张zhang钊zhao蜇zhe贞zhen争zheng之zhi中zhong州zhou朱zhu抓zhua' +
	'拽zhuai专zhuan妆zhuang隹zhui肫zhun拙zhuo孜zi宗zong邹zou租zu钻zuan嘴zui尊zun昨zuo';
const SURNAMES: Record<string, string> = {
	曾: 'zeng',
	单: 'shan',
	解: 'xie',
	仇: 'qiu',
	区: 'ou',
	查: 'zha',
	朴: 'piao',
	盖: 'ge',
	乐: 'yue',
	翟: 'zhai',
	尉: 'yu',
	冼: 'xian',
	缪: 'miao',
	宓: 'fu',
};

const collator = new Intl.Collator('zh-Hans-u-co-pinyin');
const table = [...FIRST.matchAll(/([^a-z])([a-z]+)/gu)].map(([, first = '', syllable = '']) => ({ first, syllable }));
const readings = new Map<string, string>();

/** The pinyin of one character, without its tone; '' for what is not Chinese. */
function reading(character: string): string {
	if (!/[\u4e00-\u9fff]/.test(character)) return '';
	let known = readings.get(character);

	if (known === undefined) {
		let low = 0,
			high = table.length - 1;

		while (low < high) {
			const middle = (low + high + 1) >> 1;

			if (collator.compare(table[middle]?.first ?? '', character) <= 0) low = middle;
			else high = middle - 1;
		}
		known = table[low]?.syllable ?? '';
		readings.set(character, known);
	}
	return known;
}

/* nearly all names need no look at their accents, which takes longer than all the rest */
function plain(text: string): string {
	const low = text.toLowerCase();

	return /[^\x20-\x7f\u3000-\u9fff]/.test(low)
		? low
				.replace(/ü/g, 'v')
				.normalize('NFD')
				.replace(/\p{Mn}/gu, '')
		: low;
}

/** What a name can be found by, to be made once per name. */
export function searchable(name: string): string[] {
	const syllables = [...name].map((c, i) => (i === 0 && SURNAMES[c]) || reading(c) || c);

	return [
		plain(name),
		...(/[\u4e00-\u9fff]/.test(name) ? [plain(syllables.join('')), plain(syllables.map((s) => s[0]).join(''))] : []),
	];
}

/** What a list is sorted by: pinyin, and numbers by their size; made of searchable(). */
export const orderOf = (texts: string[]): string =>
	(texts[1] ?? texts[0] ?? '').replace(/\d+/g, (digits) => digits.padStart(9, '0'));

/** Whether all words of @p query stand in one of a name's texts; spaces between syllables do not count. For many names: made once. */
export function finder(query: string): (texts: string[]) => boolean {
	const wanted = plain(query.trim()),
		parts = wanted.split(/\s+/),
		joined = parts.join('');

	return (texts) => texts.some((text, i) => (i === 0 ? parts.every((part) => text.includes(part)) : text.includes(joined)));
}
