/* Everybody who is enrolled: found, added, brought in and taken out by the hundred. */
import { useMemo, useState } from 'preact/hooks';
import { post, type Person } from '../api';
import { count, t } from '../i18n';
import { useReloadOn } from '../live';
import { Groups } from '../office/groups';
import { Import } from '../office/import';
import { day, fromLocal, Select, spanProblem, Tabs } from '../office/parts';
import { Certificate, nameProblem, PersonPage } from '../office/person';
import { usePeople, type Known } from '../office/picker';
import { finder } from '../office/pinyin';
import type { PageProps } from '../routes';
import { Badge, Button, Card, Dialog, Empty, Failed, Loading, Page, Table, TextField, useAct } from '../ui';

const SHOWN = 200;
type Which = 'all' | 'faceless' | 'off' | 'ended';

const tabs = (): (readonly [string, string])[] => [['', t('People', '人员')], ['groups', t('Groups', '人员组')], ['import', t('Import', '导入')]];

function AddDialog({ close }: { close: () => void }) {
	const [name, setName] = useState(''), [from, setFrom] = useState(''), [to, setTo] = useState(''), [tried, setTried] = useState(false), { busy, act } = useAct();
	const wrong = nameProblem(name), wrongSpan = spanProblem(from, to);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrong || wrongSpan) return;
		await act(async () => {
			const person = await post<{ id: string }>('people', { name: name.trim(), valid_from: fromLocal(from), valid_to: fromLocal(to) });

			location.hash = `#/people/${person.id}`;
		}, t('Added. Now note the consent and enrol a face.', '已添加。请登记同意并录入人脸。'));
	};

	return (
		<Dialog title={t('Add a person', '添加人员')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField label={t('Name', '姓名')} value={name} set={setName} max={128} autocomplete="off" error={tried ? wrong : undefined} required />
				<div class="columns">
					<TextField label={t('Valid from', '生效时间')} type="datetime-local" value={from} set={setFrom} hint={t('Empty: at once', '留空：立即生效')} />
					<TextField label={t('Valid until', '失效时间')} type="datetime-local" value={to} set={setTo} hint={t('Empty: without end', '留空：长期有效')} error={wrongSpan} />
				</div>
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Add', '添加')}</Button></div>
			</form>
		</Dialog>
	);
}

const ended = (p: Person): boolean => p.valid_to !== null && Date.parse(p.valid_to) <= Date.now();
const fits = (p: Person, which: Which): boolean =>
	which === 'faceless' ? p.faces === 0 : which === 'off' ? !p.enabled : which === 'ended' ? ended(p) : true;

function StateOf({ person }: { person: Person }) {
	if (!person.enabled) return <Badge tone="warn">{t('off', '停用')}</Badge>;
	if (ended(person)) return <Badge tone="warn">{t('expired', '已过期')}</Badge>;
	return person.valid_from && Date.parse(person.valid_from) > Date.now() ? <Badge>{t('not yet', '未生效')}</Badge> : <Badge tone="good">{t('on', '启用')}</Badge>;
}

function List({ people }: { people: Known[] }) {
	const [query, setQuery] = useState(''), [which, setWhich] = useState<Which>('all'), [shown, setShown] = useState(SHOWN);
	const list = useMemo(() => {
		const named = finder(query);

		return people.filter((p) => fits(p, which) && named(p.texts));
	}, [people, query, which]);
	const head = [t('Name', '姓名'), t('State', '状态'), t('Faces', '人脸'), t('Valid', '有效期')];

	return (
		<>
			<div class="toolbar" role="search">
				<div class="grow"><TextField label={t('Search', '搜索')} type="search" value={query} set={(q) => { setQuery(q); setShown(SHOWN); }} placeholder={t('Name, pinyin or initials', '姓名、拼音或首字母')} /></div>
				<Select label={t('Show', '显示')} value={which} set={(w) => setWhich(w as Which)} of={[['all', t('Everybody', '全部')], ['faceless', t('Without a face', '未录入人脸')], ['off', t('Switched off', '已停用')], ['ended', t('Expired', '已过期')]]} />
			</div>
			<p class="dim" role="status">{t(`${count(list.length)} of ${count(people.length)} people`, `共 ${count(people.length)} 人，显示 ${count(list.length)} 人`)}</p>
			{list.length === 0 ? <Card><Empty icon="people" title={t('Nobody fits', '没有符合的人员')} /></Card> : (
				<div class="stacked"><Table label={t('People', '人员')} head={head}>
					{list.slice(0, shown).map((p) => (
						<tr key={p.id}>
							<td data-label={head[0]}><a href={`#/people/${p.id}`}>{p.name}</a></td>
							<td data-label={head[1]}><StateOf person={p} /></td>
							<td data-label={head[2]}>{p.faces === 0 ? <Badge tone="warn">0</Badge> : p.faces}</td>
							<td data-label={head[3]}><span>{p.valid_from || p.valid_to ? `${p.valid_from ? day(p.valid_from) : ''} – ${p.valid_to ? day(p.valid_to) : ''}` : t('always', '长期')}</span></td>
						</tr>
					))}
				</Table></div>
			)}
			{list.length > shown && <div><Button onClick={() => setShown(shown + SHOWN)}>{t('Show more', '显示更多')}</Button></div>}
		</>
	);
}

function Everybody() {
	const { load, people } = usePeople(), [adding, setAdding] = useState(false);

	useReloadOn(['person.'], load.reload);
	return (
		<Page title={t('People', '人员')} actions={<>
			<a class="button plain" href="/api/v1/people/export" download>{t('Export CSV', '导出 CSV')}</a>
			<Button kind="main" icon="plus" onClick={() => setAdding(true)}>{t('Add a person', '添加人员')}</Button></>}>
			<Tabs page="people" here="" of={tabs()} />
			{load.data === undefined ? (load.problem ? <Failed problem={load.problem} retry={load.reload} /> : <><Loading />{load.sofar > 0 && <p class="dim" role="status">{count(load.sofar)}</p>}</>)
			: people.length === 0 ? <Card><Empty icon="people" title={t('Nobody is enrolled yet', '尚无登记人员')}>{t('Add the first person, or import a list.', '请添加人员或导入名单。')}</Empty></Card>
			: <List people={people} />}
			{adding && <AddDialog close={() => setAdding(false)} />}
		</Page>
	);
}

export default function PeoplePage({ args: [id, what] }: PageProps) {
	if (id === 'groups') return <Page title={t('People', '人员')}><Tabs page="people" here="groups" of={tabs()} /><Groups /></Page>;
	if (id === 'import') return <Page title={t('People', '人员')}><Tabs page="people" here="import" of={tabs()} /><Import /></Page>;
	if (id && what === 'certificate') return <Certificate key={id} id={id} />;
	return id ? <PersonPage key={id} id={id} /> : <Everybody />;
}
