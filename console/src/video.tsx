/* Live pictures. A browser keeps six connections to one server, so only a few may run at a time; see pages/live.tsx. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from './i18n';

const NONE = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

/** A camera as it is now; its stream ends with the element. onSize: the picture's pixels, once known. */
export function LivePicture({ camera, onSize }: { camera: string; onSize?: (width: number, height: number) => void }) {
	const image = useRef<HTMLImageElement>(null), [failed, setFailed] = useState(false), [turn, setTurn] = useState(0);

	const [seen, setSeen] = useState(document.visibilityState === 'visible');

	/* a tab in the background watches nobody, and leaves its connections to the one in front */
	useEffect(() => {
		const change = (): void => setSeen(document.visibilityState === 'visible');

		document.addEventListener('visibilitychange', change);
		return () => document.removeEventListener('visibilitychange', change);
	}, []);
	useEffect(() => {
		const element = image.current;

		if (!seen) return undefined;
		if (element) element.src = `/api/v1/cameras/${encodeURIComponent(camera)}/live.mjpeg?${turn}`;
		return () => { if (element) element.src = NONE; }; /* or the stream would go on without anybody looking */
	}, [camera, turn, seen]);
	useEffect(() => {
		if (!failed) return undefined;
		const timer = window.setTimeout(() => { setFailed(false); setTurn(turn + 1); }, 3000);

		return () => window.clearTimeout(timer);
	}, [failed]);
	return (
		<div class="live-picture">
			<img ref={image} alt={t(`Camera ${camera}, live`, `摄像机 ${camera} 实时画面`)} onError={() => setFailed(true)}
				onLoad={(e) => { setFailed(false); onSize?.(e.currentTarget.naturalWidth, e.currentTarget.naturalHeight); }} />
			{failed && <p class="over-picture" role="status"><span class="spinner" />{t('No picture; trying again…', '无画面，正在重试…')}</p>}
		</div>
	);
}
