/* Groups of people, which rules speak of. */
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Await, Button, Card, Empty, Table } from '../ui';
import { Editor, type Named, RowActions } from './editor';
import { useAll } from './parts';

export function Groups() {
	const load = useAll<Named>('access/groups'),
		[editing, setEditing] = useState<string | undefined>(),
		isNew = editing === '';
	const head = [t('common.shortName'), t('common.displayName'), t('common.actions')];

	return (
		<>
			<div class="row">
				<Button kind="main" icon="plus" onClick={() => setEditing('')}>
					{t('groups.new')}
				</Button>
			</div>
			<Await load={load}>
				{(list) => (
					<>
						{list.length === 0 ? (
							<Card>
								<Empty icon="people" title={t('groups.none')}>
									{t('groups.noneText')}
								</Empty>
							</Card>
						) : (
							<div class="stacked">
								<Table label={t('common.groups')} head={head}>
									{list.map((g) => (
										<tr key={g.id}>
											<td class="mono" data-label={head[0]}>
												{g.id}
											</td>
											<td data-label={head[1]}>{g.title ?? ''}</td>
											<td>
												<RowActions kind="groups" id={g.id} edit={() => setEditing(g.id)} done={load.reload} />
											</td>
										</tr>
									))}
								</Table>
							</div>
						)}
						{editing !== undefined && (
							<Editor
								kind="groups"
								title={isNew ? t('groups.new') : t('groups.edit')}
								fresh={{ id: '' }}
								id={isNew ? undefined : editing}
								taken={list.map((g) => g.id)}
								close={() => setEditing(undefined)}
								done={load.reload}
								problem={() => undefined}
							>
								{() => null}
							</Editor>
						)}
					</>
				)}
			</Await>
		</>
	);
}
