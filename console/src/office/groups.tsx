/* Groups of people, which rules speak of. */
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Await, Button, Card, Empty, Table } from '../ui';
import { Editor, type Named, RowActions } from './editor';
import { useAll } from './parts';

export function Groups() {
	const load = useAll<Named>('access/groups'), [editing, setEditing] = useState<string | undefined>(), isNew = editing === '';
	const head = [t('Short name', '短名称'), t('Title', '名称'), t('Change', '操作')];

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing('')}>{t('New group', '新建人员组')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? <Card><Empty icon="people" title={t('No groups yet', '暂无人员组')}>{t('Groups let a rule speak of some people, such as staff or cleaners.', '规则可针对人员组，例如员工或保洁。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Groups', '人员组')} head={head}>
							{list.map((g) => (
								<tr key={g.id}><td class="mono" data-label={head[0]}>{g.id}</td><td data-label={head[1]}>{g.title ?? ''}</td>
									<td><RowActions kind="groups" id={g.id} edit={() => setEditing(g.id)} done={load.reload} /></td></tr>
							))}
						</Table></div>
					)}
					{editing !== undefined && <Editor kind="groups" title={isNew ? t('New group', '新建人员组') : t('Change the group', '修改人员组')} fresh={{ id: '' }} id={isNew ? undefined : editing} taken={list.map((g) => g.id)}
						close={() => setEditing(undefined)} done={load.reload} problem={() => undefined}>{() => null}</Editor>}
				</>
			)}</Await>
		</>
	);
}
