/* A sound and a browser notification for a new alert, each only where this person switched it on here. */
import { t } from './i18n';

const SOUND = 'gatehouse.sound',
	NOTE = 'gatehouse.notify';
let audio: AudioContext | undefined;

export const soundIsOn = (): boolean => localStorage.getItem(SOUND) === '1';
export const noteIsOn = (): boolean =>
	localStorage.getItem(NOTE) === '1' && 'Notification' in window && Notification.permission === 'granted';

/** Two short tones; a browser plays them only after the person has done something on the page. */
export function ring(): void {
	audio ??= new AudioContext();
	void audio.resume();
	[880, 660].forEach((pitch, i) => {
		if (!audio) return;
		const tone = audio.createOscillator(),
			loudness = audio.createGain(),
			at = audio.currentTime + i * 0.22;

		tone.frequency.value = pitch;
		loudness.gain.setValueAtTime(0.0001, at);
		loudness.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
		loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
		tone.connect(loudness).connect(audio.destination);
		tone.start(at);
		tone.stop(at + 0.21);
	});
}

export function setSound(on: boolean): void {
	localStorage.setItem(SOUND, on ? '1' : '0');
	if (on) ring();
}

/** @return whether it is on now: the browser may say no. */
export async function setNote(on: boolean): Promise<boolean> {
	const allowed = on && 'Notification' in window && (await Notification.requestPermission()) === 'granted';

	localStorage.setItem(NOTE, allowed ? '1' : '0');
	return allowed;
}

function tell(title: string, body: string, tag: string, address: string): void {
	if (soundIsOn()) ring();
	if (!noteIsOn() || document.visibilityState === 'visible') return;
	const note = new Notification(title, { body, tag, icon: '/icon.svg' });

	note.onclick = () => {
		window.focus();
		location.hash = address;
		note.close();
	};
}

/** Tell of a new alert, as far as it is wanted. */
export const tellOfAlert = (where: string, seq: number): void =>
	tell(t('notify.thrownObject'), where, `alert-${seq}`, `#/alerts/${seq}`);

/** Somebody waits at a door for the guard's word. */
export const tellOfGuest = (): void => tell(t('common.somebodyWaits'), t('notify.guardDecides'), 'guest', '#/doors');
