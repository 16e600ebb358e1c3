/* Enrolling a face: from photos dropped here, or by the gate from what its camera sees. */
import { useEffect, useState } from 'preact/hooks';
import { call, post, type Answer } from '../api';
import { moment, t } from '../i18n';
import { useDesk } from '../shell';
import { ask, asProblem, Badge, Button, Card, Dialog, useAct, useLoad } from '../ui';
import { LivePicture } from '../video';
import { DropZone } from './parts';

const BYTES_MAX = 10 * 1024 * 1024,
	PHOTOS_MAX = 20,
	POOR = 0.5;

/** name: unique in the list. */
interface Tried {
	name: string;
	photo: File;
	busy: boolean;
	quality?: number;
	problem?: Against;
}

function check(photo: Blob): string | undefined {
	if (!['image/jpeg', 'image/png'].includes(photo.type)) return t('faces.notAPicture');
	return photo.size > BYTES_MAX ? t('faces.tooLarge') : undefined;
}

interface Against {
	reason: string;
	alike: boolean;
}
const against = (error: unknown): Against => {
	const problem = asProblem(error);

	return { reason: problem.message, alike: problem.code === 'face-look-alike' };
};

/** Two who look alike are enrolled only when somebody says that they are two. */
const AcceptAlike = ({ accept, busy }: { accept: () => void; busy?: boolean }) => (
	<Button kind="danger" busy={busy} onClick={accept}>
		{t('faces.enrolLookAlike')}
	</Button>
);

const LIVE_S = 30;

/** The gate looks for itself: several good frames of a living face. It answers when it has them or the time is over. */
function CameraDialog({ camera, person, close, done }: { camera: string; person: string; close: () => void; done: () => void }) {
	const [state, setState] = useState<'ready' | 'looking' | 'done'>('ready'),
		[problem, setProblem] = useState<Against | undefined>(),
		[left, setLeft] = useState(LIVE_S);
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
		<Dialog title={t('faces.camera', { camera })} close={close} wide>
			<p>{t('faces.live.hint')}</p>
			<div class="enrol-live">
				<LivePicture camera={camera} />
			</div>
			<div role="status">
				{state === 'looking' && (
					<>
						<p class="row tight">
							<span class="spinner" />
							{t('faces.live.looking', { seconds: left })}
						</p>
						<progress max={LIVE_S} value={LIVE_S - left} aria-label={t('common.time')} />
					</>
				)}
				{state === 'done' && <p class="note good">{t('faces.live.done')}</p>}
				{problem && <p class="note bad">{problem.reason}</p>}
			</div>
			<div class="dialog-actions">
				{problem?.alike && <AcceptAlike accept={() => void look(true)} />}
				<Button kind={state === 'done' ? 'main' : 'plain'} onClick={close}>
					{t('common.close')}
				</Button>
				{state !== 'done' && (
					<Button kind="main" icon="camera" busy={state === 'looking'} onClick={() => void look(false)}>
						{problem ? t('faces.live.again') : t('faces.live.begin')}
					</Button>
				)}
			</div>
		</Dialog>
	);
}

type Face = Answer<'/people/{id}/faces', 'get'>['faces'][number];

/** Which there are; a poor one of several can go, and the others stay in use. */
function EnrolledFaces({ person, faces, reload }: { person: string; faces: number; reload: () => void }) {
	const load = useLoad<{ faces: Face[] }>(`people/${person}/faces`),
		{ busy, act } = useAct();
	const remove = async (face: Face, nth: number): Promise<void> => {
		if (
			!(await ask({
				title: t('faces.removeOne.confirm', { number: nth }),
				text: t('faces.removeOne.text'),
				yes: t('faces.removeOne.yes'),
				danger: true,
			}))
		)
			return;
		await act(() => call('DELETE', `people/${person}/faces/${face.number}`), t('faces.removeOne.done'));
		reload();
	};

	useEffect(load.reload, [faces]);
	return (
		<ol class="enrolled-faces" aria-label={t('faces.list')}>
			{load.data?.faces.map((face, i) => (
				<li key={face.number}>
					<span>
						{face.enrolled ? moment(face.enrolled) : t('faces.one', { number: i + 1 })}
						{face.by && (
							<span class="dim">
								{' '}
								· <span translate={false}>{face.by}</span>
								{face.camera && <> · {face.camera}</>}
							</span>
						)}
					</span>
					{face.quality !== undefined && (
						<Badge tone={face.quality < POOR ? 'warn' : 'good'}>{Math.round(face.quality * 100)} %</Badge>
					)}
					{!face.current && <Badge tone="warn">{t('faces.otherModel')}</Badge>}
					<Button
						kind="quiet"
						icon="close"
						busy={busy}
						label={t('faces.removeOne', { number: i + 1 })}
						onClick={() => void remove(face, i + 1)}
					/>
				</li>
			))}
		</ol>
	);
}

/** Photos sent one after the other, and what came of each. */
function usePhotos(person: string, reload: () => void) {
	const [tried, setTried] = useState<Tried[]>([]);
	const set = (name: string, change: Partial<Tried>): void =>
		setTried((old) => old.map((o) => (o.name === name ? { ...o, ...change } : o)));
	const send = async ({ name, photo }: Tried, alike: boolean): Promise<void> => {
		const wrong = check(photo);

		if (wrong) {
			set(name, { busy: false, problem: { reason: wrong, alike: false } });
			return;
		}
		set(name, { busy: true });
		try {
			const answer = await call<{ quality: number }>(
				'POST',
				`people/${person}/faces${alike ? '?look_alike=accept' : ''}`,
				new Blob([photo], { type: 'application/octet-stream' }),
			);

			setTried((old) => old.map((o) => (o.name === name ? { name, photo, busy: false, quality: answer.quality } : o)));
			reload();
		} catch (error) {
			set(name, { busy: false, problem: against(error) });
		}
	};
	const enrol = async (photos: File[]): Promise<void> => {
		const list = photos.slice(0, PHOTOS_MAX);
		const rows = list.map((photo, i) => ({
			name: list.findIndex((p) => p.name === photo.name) === i ? photo.name : `${photo.name} (${i + 1})`,
			photo,
			busy: true,
		}));

		setTried(rows);
		for (const row of rows) await send(row, false);
	};

	return { tried, enrol, accept: (one: Tried) => send(one, true), clear: () => setTried([]) };
}

function TriedState({ one }: { one: Tried }) {
	if (one.busy)
		return (
			<span class="row tight">
				<span class="spinner" />
				{t('faces.analysing')}
			</span>
		);
	if (one.problem !== undefined) return <Badge tone="bad">{t('faces.refused')}</Badge>;
	return <Badge tone={(one.quality ?? 0) < POOR ? 'warn' : 'good'}>{t('faces.enrolled')}</Badge>;
}

function TriedList({ tried, accept }: { tried: Tried[]; accept: (one: Tried) => void }) {
	return (
		<ul class="tried" role="status">
			{tried.map((one) => (
				<li key={one.name}>
					<span class="file">{one.name}</span>
					<TriedState one={one} />
					{!one.busy && one.problem !== undefined && (
						<p class="why-not">
							{one.problem.reason} {one.problem.alike && <AcceptAlike accept={() => accept(one)} />}
						</p>
					)}
					{one.quality !== undefined && (
						<p class="why-not">
							<meter min={0} max={1} low={POOR} value={one.quality} aria-label={t('faces.qualityColumn')} /> {t('faces.quality')}{' '}
							{Math.round(one.quality * 100)} %{one.quality < POOR && <> · {t('faces.betterPhoto')}</>}
						</p>
					)}
				</li>
			))}
		</ul>
	);
}

/** Photos are dropped or chosen here, or a camera looks for itself. */
function Enrol({ enrol, look }: { enrol: (photos: File[]) => void; look: (camera: string) => void }) {
	const { status } = useDesk();
	const cameras = (status?.cameras ?? []).filter((c) => c.role === 'face');

	return (
		<DropZone label={t('faces.photos')} accept="image/jpeg,image/png" multiple take={enrol}>
			{(open) => (
				<>
					<p>{t('faces.dropHint')}</p>
					<div class="row">
						<Button kind="main" icon="plus" onClick={open}>
							{t('faces.choosePhotos')}
						</Button>
						{cameras.map((c) => (
							<Button key={c.name} icon="camera" onClick={() => look(c.name)}>
								{t('faces.fromCamera', { camera: c.name })}
							</Button>
						))}
					</div>
				</>
			)}
		</DropZone>
	);
}

export function Faces({
	person,
	faces,
	consent,
	reload,
}: {
	person: string;
	faces: number;
	consent: boolean | undefined;
	reload: () => void;
}) {
	const { tried, enrol, accept, clear } = usePhotos(person, reload);
	const { busy, act } = useAct(),
		[camera, setCamera] = useState('');
	const remove = async (): Promise<void> => {
		if (
			!(await ask({
				title: t('faces.removeAll.confirm'),
				text: t('faces.removeAll.text'),
				yes: t('faces.removeAll'),
				danger: true,
			}))
		)
			return;
		await act(() => call('DELETE', `people/${person}/faces`), t('faces.removeAll.done'));
		clear();
		reload();
	};

	return (
		<Card
			title={t('common.faces')}
			actions={
				<Badge tone={faces > 0 ? 'good' : 'warn'}>
					{faces > 0 ? t('faces.enrolledCount', { count: faces }) : t('faces.noneEnrolled')}
				</Badge>
			}
		>
			{consent === false && <p class="note warn">{t('faces.noConsent')}</p>}
			<Enrol enrol={(photos) => void enrol(photos)} look={setCamera} />
			{tried.length > 0 && <TriedList tried={tried} accept={(one) => void accept(one)} />}
			{faces > 1 && <EnrolledFaces person={person} faces={faces} reload={reload} />}
			{faces > 0 && (
				<div>
					<Button kind="danger" busy={busy} onClick={() => void remove()}>
						{t('faces.removeAll')}
					</Button>
				</div>
			)}
			{camera && <CameraDialog camera={camera} person={person} close={() => setCamera('')} done={reload} />}
		</Card>
	);
}
