/* Opening hours: doors that stand unlocked while a schedule is open. One line a door; a change holds at once. */
import { call } from '../api';
import { t } from '../i18n';
import { useDesk } from '../shell';
import { Await, Card, Empty, Table, useAct } from '../ui';
import type { Named } from './editor';
import { Check, Select, useAll } from './parts';

interface Opening extends Named {
	schedule: string;
	first_person?: boolean;
}

function Hours({
	door,
	opening,
	schedules,
	done,
}: {
	door: string;
	opening: Opening | undefined;
	schedules: Named[];
	done: () => void;
}) {
	const { busy, act } = useAct();
	const save = async (schedule: string, first: boolean): Promise<void> => {
		const path = `access/openings/${encodeURIComponent(door)}`;
		const value = { schedule, first_person: first, ...(opening?.title ? { title: opening.title } : {}) };

		await act(() => (schedule ? call('PUT', path, value) : call('DELETE', path)), t('common.savedAtOnce'));
		done();
	};
	const head = [t('openings.unlocked'), t('openings.begins')];

	return (
		<tr>
			<td data-label={t('common.door')}>
				<strong>{door}</strong>
			</td>
			<td data-label={head[0]}>
				<Select
					label={t('openings.label', { door })}
					value={opening?.schedule ?? ''}
					set={(schedule) => void save(schedule, opening?.first_person ?? false)}
					of={[['', t('openings.never')], ...schedules.map((s) => [s.id, s.title || s.id] as const)]}
				/>
			</td>
			<td data-label={head[1]}>
				{opening && (
					<Check
						label={t('openings.firstResident')}
						value={opening.first_person ?? false}
						set={(first) => {
							if (!busy) void save(opening.schedule, first);
						}}
					/>
				)}
			</td>
		</tr>
	);
}

export function Openings() {
	const { status } = useDesk(),
		load = useAll<Opening>('access/openings'),
		schedules = useAll<Named>('access/schedules');
	const head = [t('common.door'), t('openings.unlocked'), t('openings.begins')];

	return (
		<Await load={load}>
			{(openings) => (
				<Await load={schedules}>
					{(list) => (
						<>
							<p class="note">{t('openings.hint')}</p>
							{list.length === 0 ? (
								<Card>
									<Empty icon="calendar" title={t('common.noSchedules')}>
										{t('openings.noSchedulesText')}
									</Empty>
								</Card>
							) : (
								<div class="stacked">
									<Table label={t('common.openingHours')} head={head}>
										{(status?.doors ?? []).map((d) => (
											<Hours
												key={d.name}
												door={d.name}
												opening={openings.find((o) => o.id === d.name)}
												schedules={list}
												done={load.reload}
											/>
										))}
									</Table>
								</div>
							)}
						</>
					)}
				</Await>
			)}
		</Await>
	);
}
