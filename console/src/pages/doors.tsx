/* The doors: their state as it is now, who went through, and those who wait for the guard's word. */
import { useEffect, useState } from 'preact/hooks';
import { get, post, type Door, type EventRow, type GuardRequest } from '../api';
import { t, time, word } from '../i18n';
import { Icon } from '../icons';
import { useReloadOn } from '../live';
import { useDesk } from '../shell';
import { ask, asProblem, Await, Badge, Button, Card, Empty, Page, PersonName, StateBadge, toast, useAct, useLoad } from '../ui';
import { LivePicture } from '../video';

const MODES = ['Locked', 'Unlocked', 'Blocked', 'LockedDown', 'LockedOpen'] as const;
type Mode = (typeof MODES)[number];
const PASSED = [
	'access.granted',
	'access.denied',
	'access.taken',
	'access.not_taken',
	'access.duress',
	'door.exit',
	'door.forced',
	'door.held_open',
];

/** What a mode means, in a sentence: a guard changes one perhaps once a year. */
function meaning(mode: Mode): string {
	switch (mode) {
		case 'Locked':
			return t('doors.mode.Locked');
		case 'Unlocked':
			return t('doors.mode.Unlocked');
		case 'Blocked':
			return t('doors.mode.Blocked');
		case 'LockedDown':
			return t('doors.mode.LockedDown');
		case 'LockedOpen':
			return t('doors.mode.LockedOpen');
	}
}

/* ---- those who wait ---- */

function Waiting({ request }: { request: GuardRequest }) {
	const { busy, act } = useAct();
	const [until] = useState(() => performance.now() + request.left_ms),
		[left, setLeft] = useState(request.left_ms);
	const answer = (admit: boolean): void =>
		void act(
			() => post(`access/requests/${request.id}`, { admit }),
			admit ? t('doors.request.admitted') : t('doors.request.refused'),
		);

	useEffect(() => {
		const timer = window.setInterval(() => setLeft(Math.max(0, until - performance.now())), 250);

		return () => window.clearInterval(timer);
	}, [until]);
	return (
		<section class="card waiting" aria-label={t('common.somebodyWaits')}>
			{request.picture && <LivePicture camera={request.picture.camera} />}
			<div class="waiting-text">
				<h2>
					{t('doors.request.waitsAt')} {request.door}
				</h2>
				<p>
					<PersonName id={request.person} /> · {word(request.factor)} · {t('doors.request.rule')} {request.rule}
				</p>
				<p class="countdown" role="timer">
					<strong>{Math.ceil(left / 1000)}</strong> {t('doors.request.timeLeftText')}
				</p>
				<progress max={60000} value={left} aria-label={t('doors.request.timeLeft')} />
				<div class="row">
					<Button kind="main" icon="check" busy={busy} onClick={() => answer(true)}>
						{t('doors.request.admit')}
					</Button>
					<Button kind="danger" icon="close" busy={busy} onClick={() => answer(false)}>
						{t('doors.request.refuse')}
					</Button>
				</div>
			</div>
		</section>
	);
}

/* ---- one door ---- */

function Passed({ event }: { event: EventRow }) {
	const reason = event.data['reason'],
		factor = event.data['factor'],
		by = event.data['by'];
	const bad = event.severity !== 'info' || event.type === 'access.denied';

	return (
		<li>
			<time dateTime={event.time}>{time(event.time)}</time>
			<span class="what">
				{typeof by === 'string' && factor === 'remote' ? (
					<>
						{t('doors.fromDeskBy')} {by}
					</>
				) : event.person || factor ? (
					<PersonName id={event.person} />
				) : null}
				{typeof factor === 'string' && factor !== 'remote' && <small> {word(factor)}</small>}
			</span>
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

				return rows.length ? (
					<ol class="passed" aria-label={t('doors.last')}>
						{rows.map((e) => (
							<Passed key={e.seq} event={e} />
						))}
					</ol>
				) : (
					<p class="dim">{t('doors.lastNone')}</p>
				);
			}}
		</Await>
	);
}

function DoorCard({ door }: { door: Door }) {
	const { busy, act } = useAct(),
		[mode, setMode] = useState('');
	const free = door.lock !== 'Locked',
		open = door.physical === 'Open';
	const openOnce = async (): Promise<void> => {
		if (await ask({ title: t('doors.open.confirm', { door: door.name }), text: t('doors.open.text'), yes: t('doors.open.yes') }))
			await act(() => post(`doors/${encodeURIComponent(door.name)}/open`), t('doors.open.done'));
	};
	const change = async (next: Mode): Promise<void> => {
		if (
			await ask({
				title: t('doors.mode.confirm', { door: door.name, mode: word(next) }),
				text: meaning(next),
				yes: t('doors.mode.yes', { mode: word(next) }),
				danger: next !== 'Locked',
			})
		)
			await act(() => post(`doors/${encodeURIComponent(door.name)}/mode`, { mode: next }), t('doors.mode.done'));
		setMode('');
	};

	return (
		<section class={`card door ${door.alarm !== 'Normal' ? 'alarmed' : ''}`} aria-label={door.name}>
			<header class="door-head">
				<span class={`door-picture ${open ? 'open' : 'shut'} ${free ? 'free' : 'fast'}`}>
					<Icon name={free ? 'unlock' : 'lock'} />
				</span>
				<div>
					<h2>{door.name}</h2>
					<p class="row tight">
						<StateBadge state={door.mode} />
						{door.has_contact && <StateBadge state={door.physical} />}
						{door.alarm !== 'Normal' && <Badge tone="bad">{word(door.alarm)}</Badge>}
						{door.fault !== 'NotInFault' && <Badge tone="bad">{t('doors.fault')}</Badge>}
						{door.tamper === 'TamperDetected' && <Badge tone="bad">{t('doors.tampered')}</Badge>}
					</p>
				</div>
			</header>
			<div class="row door-actions">
				<Button kind="main" icon="unlock" busy={busy} onClick={() => void openOnce()}>
					{t('doors.open')}
				</Button>
				<label class="inline">
					<span class="visually-hidden">
						{t('doors.mode.of')} {door.name}
					</span>
					<select value={mode} disabled={busy} onChange={(e) => void change(e.currentTarget.value as Mode)}>
						<option value="" disabled hidden>
							{t('doors.mode.change')}
						</option>
						{MODES.filter((m) => m !== door.mode).map((m) => (
							<option key={m} value={m}>
								{word(m)}
							</option>
						))}
					</select>
				</label>
			</div>
			<h3>{t('doors.last')}</h3>
			<LastThrough door={door.name} />
		</section>
	);
}

export default function DoorsPage() {
	const load = useLoad<{ doors: Door[] }>('doors'),
		{ requests } = useDesk();
	const lockdown = async (): Promise<void> => {
		if (
			!(await ask({
				title: t('doors.lockdown.confirm'),
				text: meaning('LockedDown'),
				yes: t('doors.lockdown.yes'),
				danger: true,
			}))
		)
			return;
		try {
			await post('doors/*/mode', { mode: 'LockedDown' });
			toast(t('doors.lockdown.done'));
		} catch (error) {
			toast(asProblem(error).message, 'bad');
		}
		void get('doors').then(load.reload, load.reload);
	};

	useReloadOn(['door.', 'fire.', 'access.'], load.reload);
	return (
		<Page
			title={t('nav.doors')}
			actions={
				<Button kind="danger" icon="lock" onClick={() => void lockdown()}>
					{t('doors.lockdown')}
				</Button>
			}
		>
			{requests.map((request) => (
				<Waiting key={request.id} request={request} />
			))}
			<Await load={load}>
				{({ doors }) =>
					doors.length === 0 ? (
						<Card>
							<Empty icon="door" title={t('doors.none')} />
						</Card>
					) : (
						<div class="grid">
							{doors.map((door) => (
								<DoorCard key={door.name} door={door} />
							))}
						</div>
					)
				}
			</Await>
		</Page>
	);
}
