/* The rules of the gate: who, where, when, how; and a way to ask them before anybody stands outside. */
import { t } from '../i18n';
import { Openings } from '../office/openings';
import { Tabs } from '../office/parts';
import { Areas, Rules } from '../office/rules';
import { Holidays, Schedules } from '../office/schedules';
import { WhatIf } from '../office/whatif';
import type { PageProps } from '../routes';
import { Page } from '../ui';

export default function RulesPage({ args: [part = ''] }: PageProps) {
	return (
		<Page title={t('nav.rules')}>
			<Tabs
				page="rules"
				here={part}
				of={[
					['', t('nav.rules')],
					['schedules', t('common.schedules')],
					['holidays', t('common.holidays')],
					['openings', t('common.openingHours')],
					['areas', t('rules.areas')],
					['what-if', t('rules.whatIf')],
				]}
			/>
			{part === 'schedules' ? (
				<Schedules />
			) : part === 'holidays' ? (
				<Holidays />
			) : part === 'openings' ? (
				<Openings />
			) : part === 'areas' ? (
				<Areas />
			) : part === 'what-if' ? (
				<WhatIf />
			) : (
				<Rules />
			)}
		</Page>
	);
}
