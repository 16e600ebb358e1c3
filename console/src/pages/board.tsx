/* The simulated board: its lines as lamps and switches, its readers as somebody standing before them. */
import { useEffect, useState } from 'preact/hooks';
import { get, post, type Schemas } from '../api';
import { t, word } from '../i18n';
import { useReloadOn } from '../live';
import { lasting } from '../office/parts';
import { Await, Badge, Button, Card, Page, TextField, useAct, useLoad } from '../ui';

type Board = Schemas['Board'];
type Line = Board['lines'][number];
type Reader = Schemas['Readers']['readers'][number];

const PRESS_MS = 700;
const drive = (line: string, level: Line['level']): Promise<void> => post(`board/lines/${encodeURIComponent(line)}`, { level });

const Lamp = ({ level }: { level: Line['level'] }) => (
	<Badge tone={level === 'active' ? 'good' : level === 'unknown' ? 'bad' : 'calm'}>{word(level)}</Badge>
);

function Input({ line }: { line: Line }) {
	const { busy, act } = useAct();
	const press = (): void =>
		void act(async () => {
			await drive(line.name, 'active');
			await new Promise((done) => window.setTimeout(done, PRESS_MS));
			await drive(line.name, 'inactive');
		});

	return (
		<li class="line">
			<strong>{line.name}</strong>
			<Lamp level={line.level} />
			<div class="row tight">
				<Button busy={busy} onClick={press} label={t('board.pressLine', { line: line.name })}>
					{t('board.press')}
				</Button>
				<Button
					aria-pressed={line.level === 'active'}
					onClick={() => void act(() => drive(line.name, line.level === 'active' ? 'inactive' : 'active'))}
					label={t('board.holdLine', { line: line.name })}
				>
					{t('board.hold')}
				</Button>
				<Button
					kind="quiet"
					aria-pressed={line.level === 'unknown'}
					onClick={() => void act(() => drive(line.name, line.level === 'unknown' ? 'inactive' : 'unknown'))}
					label={t('board.cutLine', { line: line.name })}
				>
					{t('board.cut')}
				</Button>
			</div>
		</li>
	);
}

function ReaderCard({ reader }: { reader: Reader }) {
	const [code, setCode] = useState(''),
		[keys, setKeys] = useState(''),
		swipe = useAct(),
		type = useAct();
	const path = `board/readers/${encodeURIComponent(reader.name)}`;
	const numeric = reader.kind === 'wiegand';

	return (
		<Card
			title={reader.name}
			actions={
				reader.fault ? (
					<Badge tone="bad">{word(reader.fault)}</Badge>
				) : (
					<Badge>
						{reader.door} · {reader.direction === 'in' ? t('common.in') : t('common.out')}
					</Badge>
				)
			}
		>
			{reader.locked_out_s > 0 && (
				<p class="note warn">
					{t('board.lockedOut')} {lasting(reader.locked_out_s)}
				</p>
			)}
			<form
				class="row"
				onSubmit={(e) => {
					e.preventDefault();
					void swipe.act(() => post(`${path}/swipe`, { code: code.trim() }), t('board.cardRead'));
				}}
			>
				<TextField
					label={numeric ? t('board.cardNumber') : t('board.cardNumberOrCode')}
					value={code}
					set={setCode}
					max={512}
					required
					inputMode={numeric ? 'numeric' : 'text'}
					{...(numeric ? { pattern: '[0-9]+' } : {})}
				/>
				<Button kind="main" type="submit" busy={swipe.busy}>
					{t('board.swipe')}
				</Button>
			</form>
			{reader.keypad && (
				<form
					class="row"
					onSubmit={(e) => {
						e.preventDefault();
						void type.act(() => post(`${path}/type`, { keys: keys.trim() }), t('board.keysTyped'));
					}}
				>
					<TextField label={t('board.pinKeys')} value={keys} set={setKeys} max={512} required pattern="[0-9*#]+" />
					<Button type="submit" busy={type.busy}>
						{t('board.type')}
					</Button>
				</form>
			)}
		</Card>
	);
}

export default function BoardPage() {
	const load = useLoad<Board>('board'),
		readers = useLoad<{ readers: Reader[] }>('readers');

	useReloadOn(['reader.', 'access.wrong', 'access.tries'], readers.reload);
	useEffect(() => {
		const stream = new EventSource('/api/v1/board/stream');

		stream.onmessage = (message) => load.set(JSON.parse(String(message.data)) as Board);
		stream.onerror = () => void get<Board>('board').then(load.set, () => undefined);
		return () => stream.close();
	}, []);
	return (
		<Page title={t('board.simulated')}>
			<p class="dim">{t('board.simulatedText')}</p>
			<Await load={load}>
				{(board) =>
					board.driver !== 'sim' ? (
						<p class="note warn">{t('board.realText')}</p>
					) : (
						<div class="split">
							<Card title={t('board.inputs')}>
								<ul class="lines">
									{board.lines
										.filter((l) => l.direction === 'input')
										.map((l) => (
											<Input key={l.name} line={l} />
										))}
								</ul>
							</Card>
							<div class="stack">
								<Card title={t('board.outputs')}>
									<ul class="lines">
										{board.lines
											.filter((l) => l.direction === 'output')
											.map((l) => (
												<li class="line" key={l.name}>
													<strong>{l.name}</strong>
													<Lamp level={l.level} />
												</li>
											))}
									</ul>
								</Card>
								<Await load={readers}>
									{(list) => (
										<>
											{list.readers.map((r) => (
												<ReaderCard key={r.name} reader={r} />
											))}
										</>
									)}
								</Await>
							</div>
						</div>
					)
				}
			</Await>
		</Page>
	);
}
