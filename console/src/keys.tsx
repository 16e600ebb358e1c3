/* Single keys for people who review all night: on one page, never while something is typed, and to be switched off. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from './i18n';
import { Dialog } from './ui';

const OFF = 'gatehouse.keys-off';

export type Keys = Record<string, () => void>;

function isTaken(event: KeyboardEvent): boolean {
	const at = event.target instanceof HTMLElement ? event.target : undefined;

	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]'))
		return true;
	if (at?.matches('textarea, select, input:not([type=checkbox], [type=range])')) return true;
	return (
		event.key === ' ' && at !== undefined && at.matches('button:focus-visible, a:focus-visible, input:focus-visible')
	); /* that is its key */
}

/** Each key (as KeyboardEvent.key) does its deed while the component is shown. */
export function useKeys(keys: Keys): void {
	const latest = useRef(keys);

	latest.current = keys;
	useEffect(() => {
		const press = (event: KeyboardEvent): void => {
			const act = latest.current[event.key];

			if (!act || isTaken(event) || (localStorage.getItem(OFF) && event.key !== '?')) return;
			event.preventDefault();
			act();
		};

		addEventListener('keydown', press);
		return () => removeEventListener('keydown', press);
	}, []);
}

/** What each key does; rows of [keys, meaning]. */
export function KeyHelp({ rows, close }: { rows: [string[], string][]; close: () => void }) {
	const [on, setOn] = useState(!localStorage.getItem(OFF));

	return (
		<Dialog title={t('common.keys')} close={close}>
			<dl class="key-list">
				{rows.map(([keys, text]) => (
					<div key={text}>
						<dt>
							{keys.map((k) => (
								<kbd key={k}>{k}</kbd>
							))}
						</dt>
						<dd>{text}</dd>
					</div>
				))}
			</dl>
			<label class="check">
				<input
					type="checkbox"
					checked={on}
					onChange={(e) => {
						if (e.currentTarget.checked) localStorage.removeItem(OFF);
						else localStorage.setItem(OFF, '1');
						setOn(e.currentTarget.checked);
					}}
				/>
				{t('keys.enable')}
			</label>
		</Dialog>
	);
}
