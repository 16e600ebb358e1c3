/* The doors: their state as it is now, who went through, and those who wait for the guard's word. */
import { useEffect, useState } from 'preact/hooks';
import { get, post, type Door, type EventRow, type GuardRequest } from '../api';
import { t, time, word } from '../i18n';
import { Icon } from '../icons';
import { useReloadOn } from '../live';
import type { PageProps } from '../routes';
import { useDesk } from '../shell';
import { ask, asProblem, Await, Badge, Button, Card, Empty, Page, PersonName, StateBadge, toast, useAct, useLoad } from '../ui';
import { LivePicture } from '../video';

const MODES = ['Locked', 'Unlocked', 'Blocked', 'LockedDown', 'LockedOpen'] as const;
type Mode = (typeof MODES)[number];
const PASSED = ['access.granted', 'access.denied', 'access.taken', 'access.not_taken', 'access.duress', 'door.exit', 'door.forced', 'door.held_open'];

/** What a mode means, in a sentence: a guard changes one perhaps once a year. */
function meaning(mode: Mode): string {
	switch (mode) {
		case 'Locked': return t('The door opens only for those who may enter.', '仅准许人员可开门。');
		case 'Unlocked': return t('Anybody can walk in until the mode is changed.', '在更改模式之前，任何人都可进入。');
		case 'Blocked': return t('Nobody gets in, not even residents. The way out stays free.', '任何人都不能进入，包括住户；出口保持畅通。');
		case 'LockedDown': return t('Emergency: nobody gets in until the lockdown is lifted. The way out stays free.', '紧急状态：解除前任何人都不能进入；出口保持畅通。');
		case 'LockedOpen': return t('Evacuation: the door stands open and cannot be locked until this is lifted.', '疏散状态：门保持打开，解除前不能上锁。');
	}
}

/* ---- those who wait ---- */

function Waiting({ request }: { request: GuardRequest }) {
	const { busy, act } = useAct();
	const [until] = useState(() => performance.now() + request.left_ms), [left, setLeft] = useState(request.left_ms);
	const answer = (admit: boolean): void => void act(() => post(`access/requests/${request.id}`, { admit }), admit ? t('Let in.', '已放行。') : t('Refused.', '已拒绝。'));

	useEffect(() => {
		const timer = window.setInterval(() => setLeft(Math.max(0, until - performance.now())), 250);

		return () => window.clearInterval(timer);
	}, [until]);
	return (
		<section class="card waiting" aria-label={t('Somebody waits at a door', '有人在门口等待')}>
			{request.picture && <LivePicture camera={request.picture.camera} />}
			<div class="waiting-text">
				<h2>{t('Somebody waits at', '有人在等待：')} {request.door}</h2>
				<p><PersonName id={request.person} /> · {word(request.factor)} · {t('rule', '规则')} {request.rule}</p>
				<p class="countdown" role="timer"><strong>{Math.ceil(left / 1000)}</strong> {t('seconds until it is refused', '秒后自动拒绝')}</p>
				<progress max={60000} value={left} aria-label={t('Time left', '剩余时间')} />
				<div class="row">
					<Button kind="main" icon="check" busy={busy} onClick={() => answer(true)}>{t('Let in', '放行')}</Button>
					<Button kind="danger" icon="close" busy={busy} onClick={() => answer(false)}>{t('Refuse', '拒绝')}</Button>
				</div>
			</div>
		</section>
	);
}

/* ---- one door ---- */

function Passed({ event }: { event: EventRow }) {
	const reason = event.data['reason'], factor = event.data['factor'], by = event.data['by'];
	const bad = event.severity !== 'info' || event.type === 'access.denied';

	return (
		<li>
			<time dateTime={event.time}>{time(event.time)}</time>
			<span class="what">{typeof by === 'string' && factor === 'remote' ? <>{t('from the desk by', '值班开门：')} {by}</> : event.person || factor ? <PersonName id={event.person} /> : null}
				{typeof factor === 'string' && factor !== 'remote' && <small> {word(factor)}</small>}</span>
			<Badge tone={bad ? (event.severity === 'alarm' ? 'bad' : 'warn') : event.type === 'access.granted' ? 'good' : 'calm'}>
				{event.type === 'access.denied' && typeof reason === 'string' ? word(reason) : word(event.type)}
			</Badge>
		</li>
	);
}

function LastThrough({ door }: { door: string }) {
	const load = useLoad<{ events: EventRow[] }>(`events?limit=60&door=${encodeURIComponent(door)}`);

	useReloadOn(['access.', 'door.exit', 'door.forced', 'door.held_open'], load.reload);
	return (
		<Await load={load}>
			{({ events }) => {
				const rows = events.filter((e) => PASSED.includes(e.type)).slice(0, 8);

				return rows.length ? <ol class="passed" aria-label={t('The last at this door', '最近通行')}>{rows.map((e) => <Passed key={e.seq} event={e} />)}</ol>
					: <p class="dim">{t('Nobody has come yet.', '暂无人员通行。')}</p>;
			}}
		</Await>
	);
}

function DoorCard({ door }: { door: Door }) {
	const { busy, act } = useAct(), [mode, setMode] = useState('');
	const free = door.lock !== 'Locked', open = door.physical === 'Open';
	const openOnce = async (): Promise<void> => {
		if (await ask({ title: t(`Open "${door.name}" once?`, `开一次“${door.name}”？`), text: t('The door unlocks for one person and locks again. Your name goes into the log.', '门将为一人解锁后重新上锁，您的名字会记入日志。'), yes: t('Open the door', '开门') }))
			await act(() => post(`doors/${encodeURIComponent(door.name)}/open`), t('The door is unlocked.', '门已解锁。'));
	};
	const change = async (next: Mode): Promise<void> => {
		if (await ask({ title: t(`Set "${door.name}" to ${word(next)}?`, `将“${door.name}”设为${word(next)}？`), text: meaning(next), yes: t(`Set ${word(next)}`, `设为${word(next)}`), danger: next !== 'Locked' }))
			await act(() => post(`doors/${encodeURIComponent(door.name)}/mode`, { mode: next }), t('The mode is changed.', '模式已更改。'));
		setMode('');
	};

	return (
		<section class={`card door ${door.alarm !== 'Normal' ? 'alarmed' : ''}`} aria-label={door.name}>
			<header class="door-head">
				<span class={`door-picture ${open ? 'open' : 'shut'} ${free ? 'free' : 'fast'}`}><Icon name={free ? 'unlock' : 'lock'} /></span>
				<div><h2>{door.name}</h2><p class="row tight"><StateBadge state={door.mode} />{door.has_contact && <StateBadge state={door.physical} />}
					{door.alarm !== 'Normal' && <Badge tone="bad">{word(door.alarm)}</Badge>}{door.fault !== 'NotInFault' && <Badge tone="bad">{t('Fault', '故障')}</Badge>}
					{door.tamper === 'TamperDetected' && <Badge tone="bad">{t('Tampered with', '被破坏')}</Badge>}</p></div>
			</header>
			<div class="row door-actions">
				<Button kind="main" icon="unlock" busy={busy} onClick={() => void openOnce()}>{t('Open once', '开一次')}</Button>
				<label class="inline"><span class="visually-hidden">{t('Mode of', '模式：')} {door.name}</span>
					<select value={mode} disabled={busy} onChange={(e) => void change(e.currentTarget.value as Mode)}>
						<option value="" disabled hidden>{t('Change mode…', '更改模式…')}</option>
						{MODES.filter((m) => m !== door.mode).map((m) => <option key={m} value={m}>{word(m)}</option>)}
					</select></label>
			</div>
			<h3>{t('The last at this door', '最近通行')}</h3>
			<LastThrough door={door.name} />
		</section>
	);
}

export default function DoorsPage(_: PageProps) {
	const load = useLoad<{ doors: Door[] }>('doors'), { requests } = useDesk();
	const lockdown = async (): Promise<void> => {
		if (!(await ask({ title: t('Lock down every door?', '封锁所有门？'), text: meaning('LockedDown'), yes: t('Lock down', '紧急封锁'), danger: true }))) return;
		try {
			await post('doors/*/mode', { mode: 'LockedDown' });
			toast(t('Every door is locked down.', '所有门已封锁。'));
		} catch (error) {
			toast(asProblem(error).message, 'bad');
		}
		void get('doors').then(load.reload, load.reload);
	};

	useReloadOn(['door.', 'fire.', 'access.'], load.reload);
	return (
		<Page title={t('Doors', '门')} actions={<Button kind="danger" icon="lock" onClick={() => void lockdown()}>{t('Lock down all', '全部封锁')}</Button>}>
			{requests.map((request) => <Waiting key={request.id} request={request} />)}
			<Await load={load}>
				{({ doors }) => doors.length === 0 ? <Card><Empty icon="door" title={t('This gate has no door', '该闸机没有门')} /></Card>
					: <div class="grid">{doors.map((door) => <DoorCard key={door.name} door={door} />)}</div>}
			</Await>
		</Page>
	);
}
