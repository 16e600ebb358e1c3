import type { Alert } from './api';
import { t } from './i18n';

/** Where it came from, as a guard says it; short: for a list. */
export function originText(alert: Pick<Alert, 'origin' | 'camera'>, short = false): string {
	const origin = alert.origin;

	if (origin?.floor_low === undefined || origin.floor_high === undefined)
		return t('origin.unknown', { camera: alert.camera ?? '' });
	const floors = origin.floor_low === origin.floor_high ? `${origin.floor_low}` : `${origin.floor_low}–${origin.floor_high}`;
	const columns =
		origin.column_low === origin.column_high ? (origin.column_low ?? '') : `${origin.column_low}–${origin.column_high}`;
	if (short) return t('origin.short', { floors, columns });
	return t('origin.long', { floors, columns });
}
