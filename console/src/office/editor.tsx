/* One named thing of the rules, edited: a dialog that knows the version it began with. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, getTagged, type Problem } from '../api';
import { t } from '../i18n';
import { ask, asProblem, Button, Dialog, Failed, Loading, TextField, toast, useAct } from '../ui';
import { Conflict, nameProblem } from './parts';

export interface Named {
	id: string;
	title?: string;
}

interface Props<T extends Named> {
	kind: string;
	title: string;
	fresh: T;
	/** undefined: a new one */
	id: string | undefined;
	taken: string[];
	close: () => void;
	done: () => void;
	problem: (item: T) => string | undefined;
	/** tried: mistakes may be shown now */
	children: (item: T, edit: (change: Partial<T>) => void, tried: boolean) => ComponentChildren;
}

type Edited<T extends Named> = Pick<Props<T>, 'kind' | 'fresh' | 'id' | 'taken' | 'close' | 'done' | 'problem'>;

/** The thing as it is being edited, and its version. save: with that version, or over whatever is there now. */
function useEdited<T extends Named>({ kind, fresh, id, taken, close, done, problem }: Edited<T>) {
	const [item, setItem] = useState<T | undefined>(id === undefined ? fresh : undefined),
		[etag, setEtag] = useState(''),
		[failed, setFailed] = useState<Problem | undefined>();
	const [conflict, setConflict] = useState(false),
		[busy, setBusy] = useState(false),
		[tried, setTried] = useState(false),
		[refusal, setRefusal] = useState('');
	const load = (): void => {
		if (id === undefined) return;
		setConflict(false);
		setFailed(undefined);
		getTagged<T>(`access/${kind}/${encodeURIComponent(id)}`).then(
			(got) => {
				setItem({ ...fresh, ...got.data });
				setEtag(got.etag);
			},
			(error: unknown) => setFailed(asProblem(error)),
		);
	};
	const save = async (over: boolean): Promise<void> => {
		if (!item) return;
		const { id: name, ...value } = item;

		setTried(true);
		if ((id === undefined && nameProblem(name, taken)) || problem(item)) return;
		if (!value.title) delete value.title;
		setBusy(true);
		setRefusal('');
		try {
			await call('PUT', `access/${kind}/${encodeURIComponent(name)}`, value, over ? undefined : etag || undefined);
			toast(t('common.savedAtOnce'));
			done();
			close();
		} catch (error) {
			const found = asProblem(error);

			if (found.status === 412) setConflict(true);
			else setRefusal(found.message);
		}
		setBusy(false);
	};

	useEffect(load, [id]);
	return { item, setItem, failed, conflict, busy, tried, refusal, load, save };
}

export function Editor<T extends Named>({ title, children, ...rest }: Props<T>) {
	const { id, taken, close } = rest;
	const { item, setItem, failed, conflict, busy, tried, refusal, load, save } = useEdited(rest);
	const edit = (change: Partial<T>): void => {
		if (item) setItem({ ...item, ...change });
	};

	return (
		<Dialog title={title} close={close} wide>
			{failed ? (
				<Failed problem={failed} retry={load} />
			) : !item ? (
				<Loading />
			) : (
				<form
					noValidate
					onSubmit={(e) => {
						e.preventDefault();
						void save(false);
					}}
				>
					{conflict && <Conflict reload={load} force={() => void save(true)} />}
					{refusal && (
						<p class="note bad" role="alert">
							{t('editor.refused')} {refusal}
						</p>
					)}
					<div class="columns">
						<TextField
							label={t('common.shortName')}
							value={item.id}
							set={(v) => setItem({ ...item, id: v })}
							max={31}
							disabled={id !== undefined}
							autocapitalize="none"
							spellcheck={false}
							error={tried && id === undefined ? nameProblem(item.id, taken) : undefined}
							required
						/>
						<TextField
							label={t('common.displayName')}
							value={item.title ?? ''}
							set={(v) => setItem({ ...item, title: v })}
							max={42}
						/>
					</div>
					{children(item, edit, tried)}
					<div class="dialog-actions">
						<Button onClick={close}>{t('common.cancel')}</Button>
						<Button kind="main" type="submit" busy={busy}>
							{t('common.save')}
						</Button>
					</div>
				</form>
			)}
		</Dialog>
	);
}

/** Change and remove, at the end of a row. */
export function RowActions({ kind, id, edit, done }: { kind: string; id: string; edit: () => void; done: () => void }) {
	const { busy, act } = useAct();
	const remove = async (): Promise<void> => {
		if (
			!(await ask({
				title: t('editor.remove.confirm', { id }),
				text: t('editor.remove.text'),
				yes: t('common.remove'),
				danger: true,
			}))
		)
			return;
		await act(() => call('DELETE', `access/${kind}/${encodeURIComponent(id)}`), t('common.removed'));
		done();
	};

	return (
		<div class="row tight">
			<Button onClick={edit} label={t('editor.changeOne', { id })}>
				{t('common.change')}
			</Button>
			<Button kind="danger" busy={busy} onClick={() => void remove()} label={t('editor.removeOne', { id })}>
				{t('common.remove')}
			</Button>
		</div>
	);
}
