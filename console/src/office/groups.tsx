/* Groups of people, which rules speak of. */
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { ask, Await, Button, Card, Dialog, Empty, Table, TextField, useAct } from '../ui';
import { nameProblem, useAll } from './parts';

interface Group { id: string; title?: string }

function EditDialog({ group, taken, close, done }: { group: Group | undefined; taken: string[]; close: () => void; done: () => void }) {
	const [id, setId] = useState(group?.id ?? ''), [title, setTitle] = useState(group?.title ?? ''), [tried, setTried] = useState(false), { busy, act } = useAct();
	const wrong = group ? undefined : nameProblem(id, taken);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrong) return;
		if (await act(() => call('PUT', `access/groups/${encodeURIComponent(id)}`, title.trim() ? { title: title.trim() } : {}), t('Saved.', '已保存。'))) { done(); close(); }
	};

	return (
		<Dialog title={group ? t('Change the group', '修改人员组') : t('New group', '新建人员组')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField label={t('Short name, as rules call it', '短名称（供规则引用）')} value={id} set={setId} max={31} disabled={group !== undefined} autocapitalize="none" error={tried ? wrong : undefined} required />
				<TextField label={t('Title', '名称')} value={title} set={setTitle} max={42} />
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Save', '保存')}</Button></div>
			</form>
		</Dialog>
	);
}

export function Groups() {
	const load = useAll<Group>('access/groups'), [editing, setEditing] = useState<Group | 'new' | undefined>(), { busy, act } = useAct();
	const head = [t('Short name', '短名称'), t('Title', '名称'), t('Change', '操作')];
	const remove = async (group: Group): Promise<void> => {
		if (!(await ask({ title: t(`Remove group ${group.id}?`, `删除人员组 ${group.id}？`), text: t('Refused while a rule or a person still needs it.', '仍被规则或人员使用时将被拒绝。'), yes: t('Remove', '删除'), danger: true }))) return;
		await act(() => call('DELETE', `access/groups/${encodeURIComponent(group.id)}`), t('Removed.', '已删除。'));
		load.reload();
	};

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing('new')}>{t('New group', '新建人员组')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? <Card><Empty icon="people" title={t('No groups yet', '暂无人员组')}>{t('Groups let a rule speak of some people, such as staff or cleaners.', '规则可针对人员组，例如员工或保洁。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Groups', '人员组')} head={head}>
							{list.map((g) => (
								<tr key={g.id}><td class="mono" data-label={head[0]}>{g.id}</td><td data-label={head[1]}>{g.title ?? ''}</td>
									<td><div class="row tight"><Button onClick={() => setEditing(g)} label={t(`Change ${g.id}`, `修改 ${g.id}`)}>{t('Change', '修改')}</Button><Button kind="danger" busy={busy} onClick={() => void remove(g)} label={t(`Remove ${g.id}`, `删除 ${g.id}`)}>{t('Remove', '删除')}</Button></div></td></tr>
							))}
						</Table></div>
					)}
					{editing && <EditDialog group={editing === 'new' ? undefined : editing} taken={list.map((g) => g.id)} close={() => setEditing(undefined)} done={load.reload} />}
				</>
			)}</Await>
		</>
	);
}
