import { render } from 'preact';
import { App } from './app';
import { preferredLanguage, setLanguage } from './i18n';
import './style.css';

const RETRY_MS = 2000;
const root = document.getElementById('app');

/* Without texts there is nothing to show: a gate that is busy or away is asked again. */
if (root)
	setLanguage(preferredLanguage()).then(
		() => render(<App />, root),
		() => window.setTimeout(() => location.reload(), RETRY_MS),
	);
