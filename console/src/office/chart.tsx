/* Stacked bars by hour. The same figures stand below as a table, for those who cannot see the bars. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, locale, t } from '../i18n';
import { Table } from '../ui';

/** hours: seconds since 1970 of each bar; stacks: a series each, its colour a CSS variable. */
export interface Stack {
	name: string;
	colour: string;
	values: number[];
}

const HEIGHT = 210;

/** A colour as the canvas takes it: variables and light-dark() resolved. */
function resolved(colour: string, within: HTMLElement): string {
	const probe = document.createElement('i');

	probe.style.color = colour;
	within.append(probe);
	const found = getComputedStyle(probe).color;
	probe.remove();
	return found;
}

const hourLabel = (s: number, many: boolean): string =>
	new Date(s * 1000).toLocaleString(
		locale(),
		many ? { month: 'numeric', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' },
	);

function drawChart(element: HTMLElement, hours: number[], stacks: Stack[]): uPlot {
	const dim = resolved('var(--dim)', element),
		line = resolved('var(--line)', element);
	/* each series is drawn with those below it, the tallest first */
	const tops = stacks.map((_, i) => hours.map((_h, h) => stacks.slice(0, i + 1).reduce((n, s) => n + (s.values[h] ?? 0), 0)));
	const axis = { stroke: dim, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
	const bars = stacks.map((s) => ({
		label: s.name,
		fill: resolved(s.colour, element),
		stroke: resolved(s.colour, element),
		width: 0,
		points: { show: false },
		paths: uPlot.paths.bars!({ size: [0.8, 40] }),
	}));

	return new uPlot(
		{
			width: element.clientWidth,
			height: HEIGHT,
			legend: { show: false },
			cursor: { show: false },
			scales: { x: { time: true }, y: { range: (_u, _min, max) => [0, Math.max(5, Math.ceil(max * 1.1))] } },
			axes: [
				{ ...axis, values: (_u, splits) => splits.map((s) => hourLabel(s, hours.length > 48)) },
				{ ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
			],
			series: [{}, ...bars.reverse()],
		},
		[hours, ...tops.reverse()],
		element,
	);
}

/** The hours in which there was something. */
function HourTable({ label, hours, stacks }: { label: string; hours: number[]; stacks: Stack[] }) {
	const when = (s: number): string =>
		new Date(s * 1000).toLocaleString(locale(), { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' });
	const busy = hours.map((h, i) => ({ h, i })).filter(({ i }) => stacks.some((s) => (s.values[i] ?? 0) > 0));

	if (busy.length === 0) return <p class="dim">{t('chart.nothing')}</p>;
	return (
		<Table label={label} head={[t('chart.hour'), ...stacks.map((s) => s.name)]}>
			{busy.map(({ h, i }) => (
				<tr key={h}>
					<td>{when(h)}</td>
					{stacks.map((s) => (
						<td class="right" key={s.name}>
							{count(s.values[i] ?? 0)}
						</td>
					))}
				</tr>
			))}
		</Table>
	);
}

export function HourChart({ label, hours, stacks }: { label: string; hours: number[]; stacks: Stack[] }) {
	const box = useRef<HTMLDivElement>(null);

	useEffect(() => {
		const element = box.current;

		if (!element) return undefined;
		const chart = drawChart(element, hours, stacks);
		const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));

		watch.observe(element);
		return () => {
			watch.disconnect();
			chart.destroy();
		};
	}, [hours, stacks]);
	return (
		<figure class="chart">
			<ul class="legend">
				{stacks.map((s) => (
					<li key={s.name}>
						<i style={{ background: s.colour }} />
						{s.name} <strong>{count(s.values.reduce((a, b) => a + b, 0))}</strong>
					</li>
				))}
			</ul>
			<div ref={box} role="img" aria-label={label} />
			<details>
				<summary>{t('chart.asTable')}</summary>
				<HourTable label={label} hours={hours} stacks={stacks} />
			</details>
		</figure>
	);
}
