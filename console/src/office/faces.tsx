/* Enrolling a face: from photos dropped here, or by the gate from what its camera sees. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, post, type Aged } from '../api';
import { moment, t } from '../i18n';
import { useDesk } from '../shell';
import { ask, asProblem, Badge, Button, Card, Dialog, useAct, useLoad, When } from '../ui';
import { LivePicture } from '../video';

const BYTES_MAX = 10 * 1024 * 1024, PHOTOS_MAX = 20, POOR = 0.5;

/** name: unique in the list. */
interface Tried { name: string; photo: File; busy: boolean; quality?: number; problem?: Against }

function check(photo: Blob): string | undefined {
	if (!['image/jpeg', 'image/png'].includes(photo.type)) return t('Not a JPEG or PNG picture.', '不是 JPEG 或 PNG 图片。');
	return photo.size > BYTES_MAX ? t('Larger than 10 MB.', '超过 10 MB。') : undefined;
}

interface Against { reason: string; alike: boolean }
const against = (error: unknown): Against => {
	const problem = asProblem(error);

	return { reason: problem.message, alike: problem.status === 409 && /much like that of/.test(problem.detail) };
};

/** Two who look alike are enrolled only when somebody says that they are two. */
const AcceptAlike = ({ accept, busy }: { accept: () => void; busy?: boolean }) => (
	<Button kind="danger" busy={busy} onClick={accept}>{t('They are two people: enrol', '确为两人：录入')}</Button>
);

const LIVE_S = 30;

/** The gate looks for itself: several good frames of a living face. It answers when it has them or the time is over. */
function CameraDialog({ camera, person, close, done }: { camera: string; person: string; close: () => void; done: () => void }) {
	const [state, setState] = useState<'ready' | 'looking' | 'done'>('ready'), [problem, setProblem] = useState<Against | undefined>(), [left, setLeft] = useState(LIVE_S);
	const look = async (alike: boolean): Promise<void> => {
		setState('looking');
		setProblem(undefined);
		setLeft(LIVE_S);
		try {
			await post(`people/${person}/faces/live`, { camera, seconds: LIVE_S, ...(alike ? { look_alike: 'accept' } : {}) });
			setState('done');
			done();
		} catch (error) {
			setProblem(against(error));
			setState('ready');
		}
	};

	useEffect(() => {
		if (state !== 'looking') return undefined;
		const timer = window.setInterval(() => setLeft((n) => Math.max(0, n - 1)), 1000);

		return () => window.clearInterval(timer);
	}, [state]);
	return (
		<Dialog title={t(`Camera ${camera}`, `摄像机 ${camera}`)} close={close} wide>
			<p>{t('Let the person stand alone before the camera and look into it.', '请本人单独站在镜头前，正视镜头。')}</p>
			<div class="enrol-live"><LivePicture camera={camera} /></div>
			<div role="status">
				{state === 'looking' && <><p class="row tight"><span class="spinner" />{t(`The gate looks for a good picture… ${left} s`, `正在采集合格画面… ${left} 秒`)}</p><progress max={LIVE_S} value={LIVE_S - left} aria-label={t('Time', '时间')} /></>}
				{state === 'done' && <p class="note good">{t('The face is enrolled.', '人脸已录入。')}</p>}
				{problem && <p class="note bad">{problem.reason}</p>}
			</div>
			<div class="dialog-actions">
				{problem?.alike && <AcceptAlike accept={() => void look(true)} />}
				<Button kind={state === 'done' ? 'main' : 'plain'} onClick={close}>{t('Close', '关闭')}</Button>
				{state !== 'done' && <Button kind="main" icon="camera" busy={state === 'looking'} onClick={() => void look(false)}>{problem ? t('Once more', '重试') : t('Begin', '开始')}</Button>}
			</div>
		</Dialog>
	);
}

interface Face { number: number; current: boolean; enrolled?: string; by?: string; quality?: number; camera?: string }

/** Which there are; a poor one of several can go, and the others stay in use. */
function EnrolledFaces({ person, faces, reload }: { person: string; faces: number; reload: () => void }) {
	const load = useLoad<{ faces: Face[] }>(`people/${person}/faces`), { busy, act } = useAct();
	const remove = async (face: Face, nth: number): Promise<void> => {
		if (!(await ask({ title: t(`Remove face ${nth} of this person?`, `删除此人的第 ${nth} 张人脸？`), text: t('The other faces stay in use.', '其余人脸继续使用。'), yes: t('Remove this face', '删除此人脸'), danger: true }))) return;
		await act(() => call('DELETE', `people/${person}/faces/${face.number}`), t('The face is removed.', '人脸已删除。'));
		reload();
	};

	useEffect(load.reload, [faces]);
	return (
		<ol class="enrolled-faces" aria-label={t('Enrolled faces', '已录入的人脸')}>
			{load.data?.faces.map((face, i) => (
				<li key={face.number}>
					<span>{face.enrolled ? moment(face.enrolled) : t(`Face ${i + 1}`, `人脸 ${i + 1}`)}{face.by && <span class="dim"> · <span translate={false}>{face.by}</span>{face.camera && <> · {face.camera}</>}</span>}</span>
					{face.quality !== undefined && <Badge tone={face.quality < POOR ? 'warn' : 'good'}>{Math.round(face.quality * 100)} %</Badge>}
					{!face.current && <Badge tone="warn">{t('of another model: not used', '其他模型：未使用')}</Badge>}
					<Button kind="quiet" icon="close" busy={busy} label={t(`Remove face ${i + 1}`, `删除第 ${i + 1} 张人脸`)} onClick={() => void remove(face, i + 1)} />
				</li>
			))}
		</ol>
	);
}

/** What the gate made of passages since the enrolment. */
function AgedList({ person, aged, reload }: { person: string; aged: Aged[]; reload: () => void }) {
	const { busy, act } = useAct();
	const remove = async (): Promise<void> => {
		await act(() => call('DELETE', `people/${person}/faces/aged`), t('They are removed; what was enrolled stays.', '已删除；录入的人脸保留。'));
		reload();
	};

	return (
		<>
			<p>{t('Made of passages since:', '录入后由通行画面更新：')}</p>
			<ul class="entries">{aged.map((one) => <li key={one.time}><When iso={one.time} /> · {t('camera', '摄像机')} {one.camera} · {t('score', '相似度')} {one.score.toFixed(2)}</li>)}</ul>
			<div><Button kind="plain" busy={busy} onClick={() => void remove()}>{t('Remove these', '删除这些')}</Button></div>
		</>
	);
}

export function Faces({ person, faces, aged, consent, reload }: { person: string; faces: number; aged: Aged[]; consent: boolean | undefined; reload: () => void }) {
	const { status } = useDesk(), input = useRef<HTMLInputElement>(null);
	const { busy, act } = useAct(), [tried, setTried] = useState<Tried[]>([]), [over, setOver] = useState(false), [camera, setCamera] = useState('');
	const set = (name: string, change: Partial<Tried>): void => setTried((old) => old.map((o) => (o.name === name ? { ...o, ...change } : o)));
	const send = async ({ name, photo }: Tried, alike: boolean): Promise<void> => {
		const wrong = check(photo);

		if (wrong) {
			set(name, { busy: false, problem: { reason: wrong, alike: false } });
			return;
		}
		set(name, { busy: true });
		try {
			const answer = await call<{ quality: number }>('POST', `people/${person}/faces${alike ? '?look_alike=accept' : ''}`, new Blob([photo], { type: 'application/octet-stream' }));

			setTried((old) => old.map((o) => (o.name === name ? { name, photo, busy: false, quality: answer.quality } : o)));
			reload();
		} catch (error) {
			set(name, { busy: false, problem: against(error) });
		}
	};
	const enrol = async (photos: File[]): Promise<void> => {
		const list = photos.slice(0, PHOTOS_MAX);

		const rows = list.map((photo, i) => ({ name: list.findIndex((p) => p.name === photo.name) === i ? photo.name : `${photo.name} (${i + 1})`, photo, busy: true }));

		setTried(rows);
		for (const row of rows) await send(row, false);
	};
	const take = (files: FileList | null | undefined): void => { if (files && files.length > 0) void enrol([...files]); };
	const remove = async (): Promise<void> => {
		if (!(await ask({ title: t('Remove all faces of this person?', '删除此人的全部人脸？'), text: t('The person stays, with cards and PINs; faces can be enrolled anew.', '人员及其卡和密码保留，可重新录入人脸。'), yes: t('Remove the faces', '删除人脸'), danger: true }))) return;
		await act(() => call('DELETE', `people/${person}/faces`), t('The faces are removed.', '人脸已删除。'));
		setTried([]);
		reload();
	};
	const cameras = (status?.cameras ?? []).filter((c) => c.role === 'face');

	return (
		<Card title={t('Faces', '人脸')} actions={<Badge tone={faces > 0 ? 'good' : 'warn'}>{faces > 0 ? t(`${faces} enrolled`, `已录入 ${faces} 张`) : t('none enrolled', '未录入')}</Badge>}>
			{consent === false && <p class="note warn">{t('No consent is on record. Note it below before you enrol a face.', '尚无同意记录，录入人脸前请先在下方登记。')}</p>}
			<div class={over ? 'drop over' : 'drop'}
				onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
				onDrop={(e) => { e.preventDefault(); setOver(false); take(e.dataTransfer?.files); }}>
				<p>{t('Drop photos here: one person, looking into the camera, face at least 80 pixels high. Three to five make it surer.',
					'将照片拖放到此处：单人、正视镜头、人脸至少 80 像素高。三到五张更可靠。')}</p>
				<div class="row">
					<Button kind="main" icon="plus" onClick={() => input.current?.click()}>{t('Choose photos', '选择照片')}</Button>
					{cameras.map((c) => <Button key={c.name} icon="camera" onClick={() => setCamera(c.name)}>{t(`From camera ${c.name}`, `从摄像机 ${c.name}`)}</Button>)}
				</div>
				<input ref={input} type="file" accept="image/jpeg,image/png" multiple hidden aria-label={t('Photos', '照片')}
					onChange={(e) => { take(e.currentTarget.files); e.currentTarget.value = ''; }} />
			</div>
			{tried.length > 0 && (
				<ul class="tried" role="status">
					{tried.map((one) => (
						<li key={one.name}><span class="file">{one.name}</span>
							{one.busy ? <span class="row tight"><span class="spinner" />{t('Looking at it…', '正在分析…')}</span>
							: one.problem !== undefined ? <Badge tone="bad">{t('not taken', '未采用')}</Badge>
							: <Badge tone={(one.quality ?? 0) < POOR ? 'warn' : 'good'}>{t('enrolled', '已录入')}</Badge>}
							{!one.busy && one.problem !== undefined && <p class="why-not">{one.problem.reason} {one.problem.alike && <AcceptAlike accept={() => void send(one, true)} />}</p>}
							{one.quality !== undefined && <p class="why-not"><meter min={0} max={1} low={POOR} value={one.quality} aria-label={t('Quality', '质量')} /> {t('quality', '质量')} {Math.round(one.quality * 100)} %
								{one.quality < POOR && <> · {t('a better photo would help', '建议使用更清晰的照片')}</>}</p>}
						</li>
					))}
				</ul>
			)}
			{faces > 1 && <EnrolledFaces person={person} faces={faces} reload={reload} />}
			{aged.length > 0 && <AgedList person={person} aged={aged} reload={reload} />}
			{faces > 0 && <div><Button kind="danger" busy={busy} onClick={() => void remove()}>{t('Remove the faces', '删除人脸')}</Button></div>}
			{camera && <CameraDialog camera={camera} person={person} close={() => setCamera('')} done={reload} />}
		</Card>
	);
}
