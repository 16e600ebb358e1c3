// The document must be valid AsyncAPI: no error of the reference parser, and no warning but the ones named here.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const path = process.argv[2];
const { document, diagnostics } = await new Parser().parse(readFileSync(path, 'utf8'), { source: path });
const serious = diagnostics.filter((d) => d.severity <= 1);
for (const d of serious)
  console.error(`${path}:${d.range.start.line + 1}: ${d.code}: ${d.message}`);
if (!document || serious.length > 0)
  process.exit(1);
console.log(`${path}: ${document.allChannels().length} channels, ${document.allMessages().length} messages, valid AsyncAPI ${document.version()}`);
