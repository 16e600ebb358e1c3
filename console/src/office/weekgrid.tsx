/* A week to draw on: drag on a day to open it, drag a bar to move it, its ends to change them. Each bar is a button:
 * arrows move it, with Shift they move its end, Delete removes it, Enter opens its times. */
import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Button, Dialog, TextField } from '../ui';
import { Check } from './parts';
import { clock, DAY_MIN, DAYS, dayName, intervalProblem, merge, minutes, sayInterval, STEP, type Interval } from './week';

type Grip = 'new' | 'move' | 'from' | 'to';
interface Drag {
	grip: Grip;
	index: number;
	day: number;
	start: number;
	was: Interval;
}

const snap = (m: number): number => Math.round(m / STEP) * STEP;
const clamp = (n: number, low: number, high: number): number => Math.min(high, Math.max(low, n));

function drawn(drag: Drag, at: number): Interval {
	const { was, start } = drag,
		by = snap(at - start),
		length = was.to - was.from;

	switch (drag.grip) {
		case 'new': {
			const a = clamp(snap(Math.min(start, at)), 0, DAY_MIN - STEP),
				b = clamp(snap(Math.max(start, at)), a + STEP, DAY_MIN);

			return { ...was, from: a, to: b };
		}
		case 'move': {
			const from = clamp(was.from + by, 0, Math.max(0, DAY_MIN - Math.min(length, DAY_MIN)));

			return { ...was, from, to: from + length };
		}
		case 'from':
			return { ...was, from: clamp(snap(at), Math.max(0, was.to - DAY_MIN), Math.min(was.to, DAY_MIN) - STEP) };
		case 'to':
			return { ...was, to: clamp(snap(at), was.from + STEP, DAY_MIN) };
	}
}

function TimesDialog({
	interval,
	close,
	set,
	remove,
}: {
	interval: Interval;
	close: () => void;
	set: (interval: Interval, days: number[]) => void;
	remove: (() => void) | undefined;
}) {
	const [from, setFrom] = useState(clock(interval.from)),
		[to, setTo] = useState(clock(interval.to)),
		[next, setNext] = useState(interval.to > DAY_MIN);
	const [days, setDays] = useState([interval.day]),
		[tried, setTried] = useState(false);
	const a = minutes(from),
		b = minutes(to) < 0 ? -1 : minutes(to) + (next ? DAY_MIN : 0),
		wrong = intervalProblem(a, b);
	const submit = (event: Event): void => {
		event.preventDefault();
		setTried(true);
		if (!wrong && days.length > 0) {
			set({ day: interval.day, from: a, to: b }, days);
			close();
		}
	};

	return (
		<Dialog title={remove ? sayInterval(interval) : t('week.editTitle', { day: dayName(interval.day) })} close={close}>
			<form noValidate onSubmit={submit}>
				<div class="columns">
					<TextField
						label={t('common.from')}
						value={from}
						set={setFrom}
						max={5}
						inputMode="numeric"
						placeholder="08:00"
						error={tried ? wrong : undefined}
					/>
					<TextField label={t('common.to')} value={to} set={setTo} max={5} inputMode="numeric" placeholder="18:00" />
				</div>
				<Check label={t('week.endsNextDay')} value={next} set={setNext} />
				<fieldset class="choices">
					<legend>{t('week.sameOn')}</legend>
					<div class="row tight">
						{DAYS.map((_, d) => (
							<Check
								key={d}
								label={dayName(d)}
								value={days.includes(d)}
								set={(on) => setDays(on ? [...days, d] : days.filter((x) => x !== d))}
							/>
						))}
					</div>
				</fieldset>
				<div class="dialog-actions">
					{remove && (
						<Button
							kind="danger"
							onClick={() => {
								remove();
								close();
							}}
						>
							{t('common.remove')}
						</Button>
					)}
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit">
						{t('week.apply')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

/** An interval of the list, or a new one (index -1). */
interface Placed {
	index: number;
	interval: Interval;
}

const minuteAt = (event: PointerEvent, track: Element): number => {
	const box = track.getBoundingClientRect();

	return clamp(((event.clientX - box.left) / box.width) * DAY_MIN, 0, DAY_MIN);
};

/** Drawing by pointer on the tracks of the days. ghost: what is being drawn; a bar that was pressed, not moved, is opened. */
function useDrawing(value: Interval[], set: (value: Interval[]) => void, open: (placed: Placed) => void) {
	const drag = useRef<Drag | undefined>(undefined),
		moved = useRef(false),
		[ghost, setGhost] = useState<Placed | undefined>();
	const begin = (event: PointerEvent, day: number): void => {
		const track = event.currentTarget as HTMLElement,
			target = event.target as HTMLElement,
			bar = target.closest<HTMLElement>('[data-index]');
		const at = minuteAt(event, track),
			index = bar ? Number(bar.dataset['index']) : -1,
			was = index >= 0 ? value[index] : undefined;
		const grip = (target.dataset['grip'] as Grip | undefined) ?? (was ? 'move' : 'new');

		if (event.button !== 0) return;
		drag.current = { grip, index, day, start: was ? at : snap(at), was: was ?? { day, from: snap(at), to: snap(at) + STEP } };
		moved.current = false;
		track.setPointerCapture(event.pointerId);
	};
	const move = (event: PointerEvent): void => {
		const at = drag.current ? minuteAt(event, event.currentTarget as Element) : 0;

		if (!drag.current) return;
		if (Math.abs(at - drag.current.start) >= STEP / 2) moved.current = true;
		if (moved.current) setGhost({ index: drag.current.index, interval: drawn(drag.current, at) });
	};
	const cancel = (): void => {
		drag.current = undefined;
		setGhost(undefined);
	};
	const end = (): void => {
		const done = drag.current,
			result = ghost;

		cancel();
		if (!done) return;
		if (result && moved.current) set(merge([...value.filter((_, i) => i !== done.index), result.interval]));
		else if (done.index >= 0 && value[done.index]) open({ index: done.index, interval: value[done.index] as Interval });
	};

	return { ghost, begin, move, end, cancel };
}

/** What a key does to one interval of the list. */
function pressed(
	event: KeyboardEvent,
	index: number,
	value: Interval[],
	set: (value: Interval[]) => void,
	open: (placed: Placed) => void,
): void {
	const one = value[index],
		by = event.key === 'ArrowRight' ? STEP : event.key === 'ArrowLeft' ? -STEP : 0;

	if (!one) return;
	if (event.key === 'Delete' || event.key === 'Backspace') set(value.filter((_, i) => i !== index));
	else if (event.key === 'Enter' || event.key === ' ') open({ index, interval: one });
	else if (by !== 0) {
		const next = event.shiftKey ? { ...one, to: one.to + by } : { ...one, from: one.from + by, to: one.to + by };

		if (!intervalProblem(next.from, next.to)) set(value.map((v, i) => (i === index ? next : v)));
	} else return;
	event.preventDefault();
}

const share = (minute: number): string => `${(minute / DAY_MIN) * 100}%`;

function Bar({ of, index, onKey }: { of: Interval; index: number; onKey: (event: KeyboardEvent) => void }) {
	return (
		<button
			type="button"
			class="bar"
			data-index={index}
			aria-label={t('week.barHint', { interval: sayInterval(of) })}
			style={{ left: share(of.from), width: share(Math.min(of.to, DAY_MIN) - of.from) }}
			onKeyDown={onKey}
			title={sayInterval(of)}
		>
			<i data-grip="from" />
			<span>
				{clock(of.from)}–{clock(of.to)}
				{of.to > DAY_MIN ? ' +1' : ''}
			</span>
			<i data-grip="to" />
		</button>
	);
}

/** An interval that is not in the list yet. */
const Ghost = ({ of }: { of: Interval }) => (
	<span class="bar ghost" style={{ left: share(of.from), width: share(of.to - of.from) }}>
		<span>
			{clock(of.from)}–{clock(of.to)}
		</span>
	</span>
);

/** What reaches into this day from the one before; a holiday stands beside the week. */
const Overnight = ({ value, day }: { value: Interval[]; day: number }) => (
	<>
		{value
			.filter((v) => v.to > DAY_MIN && v.day < 7 && (v.day + 1) % 7 === day)
			.map((v, i) => (
				<i class="overnight" key={i} style={{ width: share(v.to - DAY_MIN) }} />
			))}
	</>
);

const Hours = () => (
	<div class="hours" aria-hidden="true">
		<span />
		{[0, 6, 12, 18, 24].map((h) => (
			<b key={h} style={{ left: `${(h / 24) * 100}%` }}>
				{h}
			</b>
		))}
	</div>
);

export function WeekGrid({ value, set }: { value: Interval[]; set: (value: Interval[]) => void }) {
	const [open, setOpen] = useState<Placed | undefined>();
	const { ghost, begin, move, end, cancel } = useDrawing(value, set, setOpen);
	const shown = value.map((v, i) => (ghost?.index === i ? ghost.interval : v));

	return (
		<div class="week" role="group" aria-label={t('week.label')}>
			<Hours />
			{DAYS.map((name, day) => (
				<div class={day >= 5 ? 'day rest' : 'day'} key={name}>
					<span class="day-name">{dayName(day)}</span>
					<div class="track" onPointerDown={(e) => begin(e, day)} onPointerMove={move} onPointerUp={end} onPointerCancel={cancel}>
						<Overnight value={value} day={day} />
						{shown.map((one, i) =>
							one.day === day ? <Bar key={i} of={one} index={i} onKey={(e) => pressed(e, i, value, set, setOpen)} /> : null,
						)}
						{ghost?.index === -1 && ghost.interval.day === day && <Ghost of={ghost.interval} />}
					</div>
					<Button
						kind="quiet"
						icon="plus"
						label={t('week.addOn', { day: dayName(day) })}
						onClick={() => setOpen({ index: -1, interval: { day, from: 480, to: 1080 } })}
					/>
				</div>
			))}
			{open && (
				<TimesDialog
					interval={open.interval}
					close={() => setOpen(undefined)}
					remove={open.index >= 0 ? () => set(value.filter((_, i) => i !== open.index)) : undefined}
					set={(one, days) => set(merge([...value.filter((_, i) => i !== open.index), ...days.map((day) => ({ ...one, day }))]))}
				/>
			)}
		</div>
	);
}
