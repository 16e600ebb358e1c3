/* Enrolling a face: from photos dropped here, or from what a gate camera sees now. */
import { useRef, useState } from 'preact/hooks';
import { call } from '../api';
import { t, word } from '../i18n';
import { useDesk } from '../shell';
import { asProblem, Badge, Button, Card, Dialog } from '../ui';
import { LivePicture } from '../video';

const BYTES_MAX = 10 * 1024 * 1024, PHOTOS_MAX = 20, POOR = 0.5;

interface Tried { name: string; busy: boolean; quality?: number; problem?: string }

function check(photo: Blob): string | undefined {
	if (!['image/jpeg', 'image/png'].includes(photo.type)) return t('Not a JPEG or PNG picture.', '不是 JPEG 或 PNG 图片。');
	return photo.size > BYTES_MAX ? t('Larger than 10 MB.', '超过 10 MB。') : undefined;
}

function CameraDialog({ camera, close, take }: { camera: string; close: () => void; take: (photo: Blob) => void }) {
	const box = useRef<HTMLDivElement>(null), [problem, setProblem] = useState('');
	const shoot = (): void => {
		const image = box.current?.querySelector('img'), canvas = document.createElement('canvas');

		if (!image || image.naturalWidth < 16) {
			setProblem(t('There is no picture yet.', '尚无画面。'));
			return;
		}
		canvas.width = image.naturalWidth;
		canvas.height = image.naturalHeight;
		canvas.getContext('2d')?.drawImage(image, 0, 0);
		canvas.toBlob((blob) => { if (blob) { take(blob); close(); } else setProblem(t('The picture could not be taken.', '无法截取画面。')); }, 'image/jpeg', 0.95);
	};

	return (
		<Dialog title={t(`Camera ${camera}`, `摄像机 ${camera}`)} close={close} wide>
			<p>{t('Let the person stand alone before the camera, look into it, and take the picture.', '请本人单独站在镜头前正视镜头，然后截取画面。')}</p>
			<div ref={box}><LivePicture camera={camera} /></div>
			{problem && <p class="note bad" role="alert">{problem}</p>}
			<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" icon="camera" onClick={shoot}>{t('Take the picture', '截取画面')}</Button></div>
		</Dialog>
	);
}

export function Faces({ person, faces, consent, reload }: { person: string; faces: number; consent: boolean | undefined; reload: () => void }) {
	const { status } = useDesk(), input = useRef<HTMLInputElement>(null);
	const [tried, setTried] = useState<Tried[]>([]), [over, setOver] = useState(false), [camera, setCamera] = useState('');
	const set = (name: string, change: Partial<Tried>): void => setTried((old) => old.map((o) => (o.name === name ? { ...o, ...change } : o)));
	const enrol = async (photos: File[]): Promise<void> => {
		const list = photos.slice(0, PHOTOS_MAX);

		setTried(list.map((p) => ({ name: p.name, busy: true })));
		for (const photo of list) {
			const wrong = check(photo);

			if (wrong) {
				set(photo.name, { busy: false, problem: wrong });
				continue;
			}
			try {
				const answer = await call<{ quality: number }>('POST', `people/${person}/faces`, new Blob([photo], { type: 'application/octet-stream' }));

				set(photo.name, { busy: false, quality: answer.quality });
				reload();
			} catch (error) {
				set(photo.name, { busy: false, problem: word(asProblem(error).message) });
			}
		}
	};
	const take = (files: FileList | null | undefined): void => { if (files && files.length > 0) void enrol([...files]); };
	const cameras = (status?.cameras ?? []).filter((c) => c.role === 'face');

	return (
		<Card title={t('Faces', '人脸')} actions={<Badge tone={faces > 0 ? 'good' : 'warn'}>{faces > 0 ? t(`${faces} enrolled`, `已录入 ${faces} 张`) : t('none enrolled', '未录入')}</Badge>}>
			{consent === false && <p class="note warn">{t('No consent is on record. Note it below before you enrol a face.', '尚无同意记录，录入人脸前请先在下方登记。')}</p>}
			<div class={over ? 'drop over' : 'drop'}
				onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
				onDrop={(e) => { e.preventDefault(); setOver(false); take(e.dataTransfer?.files); }}>
				<p>{t('Drop photos here: one person, looking into the camera, face at least 80 pixels high. Three to five make it surer.',
					'将照片拖放到此处：单人、正视镜头、人脸至少 80 像素高。三到五张更可靠。')}</p>
				<div class="row">
					<Button kind="main" icon="plus" onClick={() => input.current?.click()}>{t('Choose photos', '选择照片')}</Button>
					{cameras.map((c) => <Button key={c.name} icon="camera" onClick={() => setCamera(c.name)}>{t(`From camera ${c.name}`, `从摄像机 ${c.name}`)}</Button>)}
				</div>
				<input ref={input} type="file" accept="image/jpeg,image/png" multiple hidden aria-label={t('Photos', '照片')}
					onChange={(e) => { take(e.currentTarget.files); e.currentTarget.value = ''; }} />
			</div>
			{tried.length > 0 && (
				<ul class="tried" role="status">
					{tried.map((one) => (
						<li key={one.name}><span class="file">{one.name}</span>
							{one.busy ? <span class="row tight"><span class="spinner" />{t('Looking at it…', '正在分析…')}</span>
							: one.problem !== undefined ? <Badge tone="bad">{t('not taken', '未采用')}</Badge>
							: <Badge tone={(one.quality ?? 0) < POOR ? 'warn' : 'good'}>{t('enrolled', '已录入')}</Badge>}
							{one.problem !== undefined && <p class="why-not">{one.problem}</p>}
							{one.quality !== undefined && <p class="why-not"><meter min={0} max={1} low={POOR} value={one.quality} aria-label={t('Quality', '质量')} /> {t('quality', '质量')} {Math.round(one.quality * 100)} %
								{one.quality < POOR && <> · {t('a better photo would help', '建议使用更清晰的照片')}</>}</p>}
						</li>
					))}
				</ul>
			)}
			{camera && <CameraDialog camera={camera} close={() => setCamera('')} take={(photo) => void enrol([new File([photo], `${camera}.jpg`, { type: 'image/jpeg' })])} />}
		</Card>
	);
}
