/* Every page, once: where it is, who may see it, what it is called. A page is one module of pages/ whose default
 * export takes PageProps; a page without a module is in no menu. */
import type { ComponentType } from 'preact';
import type { Role, Session } from './api';
import type { IconName } from './icons';

/** args: what follows the page's name in the address, `#/alerts/96` gives ["96"]. */
export interface PageProps { session: Session; args: string[] }

export interface Route {
	name: string; least: Role; icon: IconName; group: 'desk' | 'office';
	title: readonly [en: string, zh: string];
	/** only where the gate has the simulated board */
	simulated?: boolean;
	load: () => Promise<{ default: ComponentType<PageProps> }>;
}

const modules = import.meta.glob<{ default: ComponentType<PageProps> }>('./pages/*.tsx');
type Row = Omit<Route, 'load'>;
const table: Row[] = [
	{ name: 'alerts', least: 'guard', icon: 'alert', group: 'desk', title: ['Alerts', '警报'] },
	{ name: 'doors', least: 'guard', icon: 'door', group: 'desk', title: ['Doors', '门'] },
	{ name: 'live', least: 'guard', icon: 'camera', group: 'desk', title: ['Live', '实时画面'] },
	{ name: 'cases', least: 'guard', icon: 'folder', group: 'desk', title: ['Cases', '案件'] },
	{ name: 'people', least: 'manager', icon: 'people', group: 'office', title: ['People', '人员'] },
	{ name: 'passes', least: 'guard', icon: 'qr', group: 'office', title: ['Visitor passes', '访客通行证'] },
	{ name: 'rules', least: 'manager', icon: 'calendar', group: 'office', title: ['Rules', '规则'] },
	{ name: 'log', least: 'guard', icon: 'list', group: 'office', title: ['Log', '日志'] },
	{ name: 'report', least: 'manager', icon: 'paper', group: 'office', title: ['Monthly report', '月度公示'] },
	{ name: 'health', least: 'guard', icon: 'pulse', group: 'office', title: ['Health', '运行状况'] },
	{ name: 'users', least: 'admin', icon: 'key', group: 'office', title: ['Users', '用户'] },
	{ name: 'board', least: 'manager', icon: 'board', group: 'office', title: ['Board', '模拟板'], simulated: true },
];

export const routes: Route[] = table.flatMap((row) => {
	const load = modules[`./pages/${row.name}.tsx`];

	return load ? [{ ...row, load }] : [];
});
