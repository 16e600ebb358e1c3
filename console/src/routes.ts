/* Every page, once: where it is, who may see it, what it is called. A page is one module of pages/ whose default
 * export takes PageProps; a page without a module is in no menu. */
import type { ComponentType } from 'preact';
import type { Role, Session } from './api';
import type { Key } from './i18n';
import type { IconName } from './icons';

/** args: what follows the page's name in the address, `#/alerts/96` gives ["96"]. */
export interface PageProps {
	session: Session;
	args: string[];
}

export interface Route {
	name: string;
	least: Role;
	icon: IconName;
	group: 'desk' | 'office';
	title: Key;
	/** only where the gate has the simulated board */
	simulated?: boolean;
	load: () => Promise<{ default: ComponentType<PageProps> }>;
}

const modules = import.meta.glob<{ default: ComponentType<PageProps> }>('./pages/*.tsx');
type Row = Omit<Route, 'load'>;
const table: Row[] = [
	{ name: 'alerts', least: 'guard', icon: 'alert', group: 'desk', title: 'nav.alerts' },
	{ name: 'doors', least: 'guard', icon: 'door', group: 'desk', title: 'nav.doors' },
	{ name: 'live', least: 'guard', icon: 'camera', group: 'desk', title: 'nav.live' },
	{ name: 'cases', least: 'guard', icon: 'folder', group: 'desk', title: 'nav.cases' },
	{ name: 'people', least: 'manager', icon: 'people', group: 'office', title: 'nav.people' },
	{ name: 'passes', least: 'guard', icon: 'qr', group: 'office', title: 'nav.passes' },
	{ name: 'rules', least: 'manager', icon: 'calendar', group: 'office', title: 'nav.rules' },
	{ name: 'log', least: 'guard', icon: 'list', group: 'office', title: 'nav.log' },
	{ name: 'report', least: 'manager', icon: 'paper', group: 'office', title: 'nav.report' },
	{ name: 'health', least: 'guard', icon: 'pulse', group: 'office', title: 'nav.health' },
	{ name: 'users', least: 'admin', icon: 'key', group: 'office', title: 'nav.users' },
	{ name: 'board', least: 'manager', icon: 'board', group: 'office', title: 'nav.board', simulated: true },
];

export const routes: Route[] = table.flatMap((row) => {
	const load = modules[`./pages/${row.name}.tsx`];

	return load ? [{ ...row, load }] : [];
});
