/* The simulated board: its lines as lamps and switches, its readers as somebody standing before them. */
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api';
import { t, word } from '../i18n';
import { Said } from '../said';
import { useReloadOn } from '../live';
import { lasting } from '../office/parts';
import type { PageProps } from '../routes';
import { Await, Badge, Button, Card, Page, TextField, useAct, useLoad } from '../ui';

interface Line { name: string; direction: 'input' | 'output'; level: 'active' | 'inactive' | 'unknown' }
interface Board { driver: string; lines: Line[] }
interface Reader { name: string; door: string; direction: string; kind: string; keypad: boolean; fault: string; wrong_tries: number; locked_out_s: number }

const PRESS_MS = 700;
const drive = (line: string, level: Line['level']): Promise<void> => post(`board/lines/${encodeURIComponent(line)}`, { level });

const Lamp = ({ level }: { level: Line['level'] }) => (
	<Badge tone={level === 'active' ? 'good' : level === 'unknown' ? 'bad' : 'calm'}>{word(level)}</Badge>
);

function Input({ line }: { line: Line }) {
	const { busy, act } = useAct();
	const press = (): void => void act(async () => {
		await drive(line.name, 'active');
		await new Promise((done) => window.setTimeout(done, PRESS_MS));
		await drive(line.name, 'inactive');
	});

	return (
		<li class="line">
			<strong>{line.name}</strong><Lamp level={line.level} />
			<div class="row tight">
				<Button busy={busy} onClick={press} label={t(`Press ${line.name} for a moment`, `按一下 ${line.name}`)}>{t('Press', '按一下')}</Button>
				<Button aria-pressed={line.level === 'active'} onClick={() => void act(() => drive(line.name, line.level === 'active' ? 'inactive' : 'active'))}
					label={t(`Hold ${line.name} active`, `保持 ${line.name} 接通`)}>{t('Hold', '保持')}</Button>
				<Button kind="quiet" aria-pressed={line.level === 'unknown'} onClick={() => void act(() => drive(line.name, line.level === 'unknown' ? 'inactive' : 'unknown'))}
					label={t(`Cut the wire of ${line.name}`, `断开 ${line.name} 接线`)}>{t('Cut the wire', '断线')}</Button>
			</div>
		</li>
	);
}

function ReaderCard({ reader }: { reader: Reader }) {
	const [code, setCode] = useState(''), [keys, setKeys] = useState(''), swipe = useAct(), type = useAct();
	const path = `board/readers/${encodeURIComponent(reader.name)}`;
	const numeric = reader.kind === 'wiegand';

	return (
		<Card title={reader.name} actions={reader.fault ? <Badge tone="bad"><Said text={reader.fault} /></Badge> : <Badge>{reader.door} · {reader.direction === 'in' ? t('in', '进') : t('out', '出')}</Badge>}>
			{reader.locked_out_s > 0 && <p class="note warn">{t('Locked out for', '锁定剩余')} {lasting(reader.locked_out_s)}</p>}
			<form class="row" onSubmit={(e) => { e.preventDefault(); void swipe.act(() => post(`${path}/swipe`, { code: code.trim() }), t('The card was read. What followed is in the log.', '已读卡，结果见日志。')); }}>
				<TextField label={numeric ? t('Card number', '卡号') : t('Card number or code', '卡号或二维码内容')} value={code} set={setCode} max={512} required
					inputMode={numeric ? 'numeric' : 'text'} {...(numeric ? { pattern: '[0-9]+' } : {})} />
				<Button kind="main" type="submit" busy={swipe.busy}>{t('Hold it before the reader', '刷卡')}</Button>
			</form>
			{reader.keypad && (
				<form class="row" onSubmit={(e) => { e.preventDefault(); void type.act(() => post(`${path}/type`, { keys: keys.trim() }), t('The keys were typed.', '已输入按键。')); }}>
					<TextField label={t('Keys of the PIN, # at the end', '密码按键，以 # 结束')} value={keys} set={setKeys} max={512} required pattern="[0-9*#]+" />
					<Button type="submit" busy={type.busy}>{t('Type', '输入')}</Button>
				</form>
			)}
		</Card>
	);
}

export default function BoardPage(_: PageProps) {
	const load = useLoad<Board>('board'), readers = useLoad<{ readers: Reader[] }>('readers');

	useReloadOn(['reader.', 'access.wrong', 'access.tries'], readers.reload);
	useEffect(() => {
		const stream = new EventSource('/api/v1/board/stream');

		stream.onmessage = (message) => load.set(JSON.parse(String(message.data)) as Board);
		stream.onerror = () => void get<Board>('board').then(load.set, () => undefined);
		return () => stream.close();
	}, []);
	return (
		<Page title={t('Simulated board', '模拟板')}>
			<p class="dim">{t('This gate has no hardware: press its buttons here. Everything else is real.', '此闸机没有硬件：可在此操作按钮，其余均为真实逻辑。')}</p>
			<Await load={load}>{(board) => board.driver !== 'sim' ? <p class="note warn">{t('This board is real: only a simulated one can be driven here.', '这是真实硬件板，不能在此操作。')}</p> : (
				<div class="split">
					<Card title={t('Inputs: contacts and buttons', '输入：触点与按钮')}>
						<ul class="lines">{board.lines.filter((l) => l.direction === 'input').map((l) => <Input key={l.name} line={l} />)}</ul>
					</Card>
					<div class="stack">
						<Card title={t('Outputs: locks and lamps', '输出：锁与指示')}>
							<ul class="lines">{board.lines.filter((l) => l.direction === 'output').map((l) => <li class="line" key={l.name}><strong>{l.name}</strong><Lamp level={l.level} /></li>)}</ul>
						</Card>
						<Await load={readers}>{(list) => <>{list.readers.map((r) => <ReaderCard key={r.name} reader={r} />)}</>}</Await>
					</div>
				</div>
			)}</Await>
		</Page>
	);
}
