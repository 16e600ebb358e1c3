/* Opening hours: doors that stand unlocked while a schedule is open. One line a door; a change holds at once. */
import { call } from '../api';
import { t } from '../i18n';
import { useDesk } from '../shell';
import { Await, Card, Empty, Table, useAct } from '../ui';
import type { Named } from './editor';
import { Check, Select, useAll } from './parts';

interface Opening extends Named { schedule: string; first_person?: boolean }

function Hours({ door, opening, schedules, done }: { door: string; opening: Opening | undefined; schedules: Named[]; done: () => void }) {
	const { busy, act } = useAct();
	const save = async (schedule: string, first: boolean): Promise<void> => {
		const path = `access/openings/${encodeURIComponent(door)}`;
		const value = { schedule, first_person: first, ...(opening?.title ? { title: opening.title } : {}) };

		await act(() => (schedule ? call('PUT', path, value) : call('DELETE', path)), t('Saved. It holds at once.', '已保存，立即生效。'));
		done();
	};
	const head = [t('Stands unlocked', '保持开锁'), t('Begins', '开始')];

	return (
		<tr>
			<td data-label={t('Door', '门')}><strong>{door}</strong></td>
			<td data-label={head[0]}>
				<Select label={t(`When ${door} stands unlocked`, `${door} 保持开锁的时间`)} value={opening?.schedule ?? ''} set={(schedule) => void save(schedule, opening?.first_person ?? false)}
					of={[['', t('never by itself', '从不自动')], ...schedules.map((s) => [s.id, s.title || s.id] as const)]} />
			</td>
			<td data-label={head[1]}>
				{opening && <Check label={t('with the first resident who comes in', '首位住户进入后')} value={opening.first_person ?? false} set={(first) => { if (!busy) void save(opening.schedule, first); }} />}
			</td>
		</tr>
	);
}

export function Openings() {
	const { status } = useDesk(), load = useAll<Opening>('access/openings'), schedules = useAll<Named>('access/schedules');
	const head = [t('Door', '门'), t('Stands unlocked', '保持开锁'), t('Begins', '开始')];

	return (
		<Await load={load}>{(openings) => (
			<Await load={schedules}>{(list) => (
				<>
					<p class="note">{t('At the end of the hours the door is locked, whoever unlocked it in between. Lockdown, evacuation and fire are stronger; a door of an interlock has no hours.',
						'时间结束时门自动上锁，无论期间由谁开锁。紧急封锁、疏散和火警优先；互锁门不能设置。')}</p>
					{list.length === 0 ? <Card><Empty icon="calendar" title={t('No schedules yet', '暂无时间表')}>{t('Draw one under Schedules first.', '请先在“时间表”中绘制。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Opening hours', '开放时间')} head={head}>
							{(status?.doors ?? []).map((d) => <Hours key={d.name} door={d.name} opening={openings.find((o) => o.id === d.name)} schedules={list} done={load.reload} />)}
						</Table></div>
					)}
				</>
			)}</Await>
		)}</Await>
	);
}
