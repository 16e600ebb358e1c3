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
		<Page title={t('Rules', '规则')}>
			<Tabs page="rules" here={part} of={[['', t('Rules', '规则')], ['schedules', t('Schedules', '时间表')], ['holidays', t('Holidays', '假日')], ['openings', t('Opening hours', '开放时间')], ['areas', t('Areas', '区域')], ['what-if', t('What if', '模拟')]]} />
			{part === 'schedules' ? <Schedules /> : part === 'holidays' ? <Holidays /> : part === 'openings' ? <Openings /> : part === 'areas' ? <Areas /> : part === 'what-if' ? <WhatIf /> : <Rules />}
		</Page>
	);
}
