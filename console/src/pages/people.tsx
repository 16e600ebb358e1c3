/* Everybody who is enrolled: found, added, brought in and taken out by the hundred. */
import { useMemo, useState } from 'preact/hooks';
import { post, type Person } from '../api';
import { count, plural, t } from '../i18n';
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

const tabs = (): (readonly [string, string])[] => [
	['', t('nav.people')],
	['groups', t('common.groups')],
	['import', t('people.import')],
];

function AddDialog({ close }: { close: () => void }) {
	const [name, setName] = useState(''),
		[from, setFrom] = useState(''),
		[to, setTo] = useState(''),
		[tried, setTried] = useState(false),
		{ busy, act } = useAct();
	const wrong = nameProblem(name),
		wrongSpan = spanProblem(from, to);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrong || wrongSpan) return;
		await act(async () => {
			const person = await post<{ id: string }>('people', {
				name: name.trim(),
				valid_from: fromLocal(from),
				valid_to: fromLocal(to),
			});

			location.hash = `#/people/${person.id}`;
		}, t('people.added'));
	};

	return (
		<Dialog title={t('common.addPerson')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField
					label={t('common.name')}
					value={name}
					set={setName}
					max={128}
					autocomplete="off"
					error={tried ? wrong : undefined}
					required
				/>
				<div class="columns">
					<TextField
						label={t('common.validFrom')}
						type="datetime-local"
						value={from}
						set={setFrom}
						hint={t('common.emptyAtOnce')}
					/>
					<TextField
						label={t('common.validUntil')}
						type="datetime-local"
						value={to}
						set={setTo}
						hint={t('common.emptyNoEnd')}
						error={wrongSpan}
					/>
				</div>
				<div class="dialog-actions">
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit" busy={busy}>
						{t('common.add')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

const ended = (p: Person): boolean => p.valid_to !== null && Date.parse(p.valid_to) <= Date.now();
const fits = (p: Person, which: Which): boolean =>
	which === 'faceless' ? p.faces === 0 : which === 'off' ? !p.enabled : which === 'ended' ? ended(p) : true;

function StateOf({ person }: { person: Person }) {
	if (!person.enabled) return <Badge tone="warn">{t('common.off')}</Badge>;
	if (ended(person)) return <Badge tone="warn">{t('people.expired')}</Badge>;
	return person.valid_from && Date.parse(person.valid_from) > Date.now() ? (
		<Badge>{t('common.notYet')}</Badge>
	) : (
		<Badge tone="good">{t('common.on')}</Badge>
	);
}

function List({ people }: { people: Known[] }) {
	const [query, setQuery] = useState(''),
		[which, setWhich] = useState<Which>('all'),
		[shown, setShown] = useState(SHOWN);
	const list = useMemo(() => {
		const named = finder(query);

		return people.filter((p) => fits(p, which) && named(p.texts));
	}, [people, query, which]);
	const head = [t('common.name'), t('common.state'), t('common.faces'), t('common.valid')];

	return (
		<>
			<div class="toolbar" role="search">
				<div class="grow">
					<TextField
						label={t('people.search')}
						type="search"
						value={query}
						set={(q) => {
							setQuery(q);
							setShown(SHOWN);
						}}
						placeholder={t('common.searchName')}
					/>
				</div>
				<Select
					label={t('people.show')}
					value={which}
					set={(w) => setWhich(w as Which)}
					of={[
						['all', t('people.filter.all')],
						['faceless', t('people.filter.noFace')],
						['off', t('people.filter.off')],
						['ended', t('people.filter.expired')],
					]}
				/>
			</div>
			<p class="dim" role="status">
				{plural('people.shownOf', people.length, { shown: count(list.length) })}
			</p>
			{list.length === 0 ? (
				<Card>
					<Empty icon="people" title={t('people.nobodyFits')} />
				</Card>
			) : (
				<div class="stacked">
					<Table label={t('nav.people')} head={head}>
						{list.slice(0, shown).map((p) => (
							<tr key={p.id}>
								<td data-label={head[0]}>
									<a href={`#/people/${p.id}`}>{p.name}</a>
								</td>
								<td data-label={head[1]}>
									<StateOf person={p} />
								</td>
								<td data-label={head[2]}>{p.faces === 0 ? <Badge tone="warn">0</Badge> : p.faces}</td>
								<td data-label={head[3]}>
									<span>
										{p.valid_from || p.valid_to
											? `${p.valid_from ? day(p.valid_from) : ''} – ${p.valid_to ? day(p.valid_to) : ''}`
											: t('common.always')}
									</span>
								</td>
							</tr>
						))}
					</Table>
				</div>
			)}
			{list.length > shown && (
				<div>
					<Button onClick={() => setShown(shown + SHOWN)}>{t('people.showMore')}</Button>
				</div>
			)}
		</>
	);
}

function Everybody() {
	const { load, people } = usePeople(),
		[adding, setAdding] = useState(false);

	useReloadOn(['person.'], load.reload);
	return (
		<Page
			title={t('nav.people')}
			actions={
				<>
					<a class="button plain" href="/api/v1/people/export" download>
						{t('common.exportCsv')}
					</a>
					<Button kind="main" icon="plus" onClick={() => setAdding(true)}>
						{t('common.addPerson')}
					</Button>
				</>
			}
		>
			<Tabs page="people" here="" of={tabs()} />
			{load.data === undefined ? (
				load.problem ? (
					<Failed problem={load.problem} retry={load.reload} />
				) : (
					<>
						<Loading />
						{load.sofar > 0 && (
							<p class="dim" role="status">
								{count(load.sofar)}
							</p>
						)}
					</>
				)
			) : people.length === 0 ? (
				<Card>
					<Empty icon="people" title={t('people.none')}>
						{t('people.noneText')}
					</Empty>
				</Card>
			) : (
				<List people={people} />
			)}
			{adding && <AddDialog close={() => setAdding(false)} />}
		</Page>
	);
}

export default function PeoplePage({ args: [id, what] }: PageProps) {
	if (id === 'groups')
		return (
			<Page title={t('nav.people')}>
				<Tabs page="people" here="groups" of={tabs()} />
				<Groups />
			</Page>
		);
	if (id === 'import')
		return (
			<Page title={t('nav.people')}>
				<Tabs page="people" here="import" of={tabs()} />
				<Import />
			</Page>
		);
	if (id && what === 'certificate') return <Certificate key={id} id={id} />;
	return id ? <PersonPage key={id} id={id} /> : <Everybody />;
}
