import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { projectRoot } from './captures.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const read = (...path: string[]): string => readFileSync(join(projectRoot, ...path), 'utf8');
const rules = (parse(read('deploy/prometheus/boop.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const { scrape_configs: scraped } = parse(read('deploy/prometheus/prometheus.yml')) as { scrape_configs: { job_name: string }[] };

/** What stands in sources that are neither generated nor tests. */
function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.(unit|int|prop|sim|vector|e2e|long))\.ts$/.test(entry.name) && !/\/(dist|generated|node_modules)(\/|$)/.test(entry.parentPath))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');
}

/** Metrics that our processes export by name; of histograms the series as well. */
function exportedMetrics(): Set<string> {
  const text = ['apps', 'libs'].flatMap((folder) => readdirSync(join(projectRoot, folder)).map((name) => sources(join(projectRoot, folder, name, 'src')))).join('\n');
  const named = [...text.matchAll(/(new (?:\w*Histogram|\w*Gauge|\w*Counter)\w*\(\{\s*name: |\bgauge\()'([a-z0-9_]+)'/g)];
  return new Set(named.flatMap(([, made, name]) => (made!.includes('Histogram') ? ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`) : [name!])));
}

/** Of prom-client's default metrics and of Prometheus itself. */
const given = ['process_start_time_seconds', 'up'];
const metricsIn = (expr: string): string[] => expr.replace(/\{[^}]*\}/g, '').match(/\b(boop_[a-z0-9_]+|process_[a-z0-9_]+|nodejs_[a-z0-9_]+|up)\b/g) ?? [];

describe('alert rules', () => {
  test('look at metrics that our processes export', () => {
    const exported = exportedMetrics();
    expect(exported.size).toBeGreaterThan(25);
    expect(exported).toContain('boop_network_epoch_skew');
    for (const { alert, expr } of rules) {
      const metrics = metricsIn(expr);
      expect([alert, metrics.length]).not.toEqual([alert, 0]);
      expect([alert, metrics.filter((name) => !exported.has(name) && !given.includes(name))]).toEqual([alert, []]);
    }
  });

  test('name jobs that the example configuration reads', () => {
    const jobs = scraped.map(({ job_name: name }) => name);
    const matchers = rules.flatMap(({ expr }) => [...expr.matchAll(/job(=~?)"([^"]+)"/g)].map(([, , pattern]) => new RegExp(`^(?:${pattern!})$`)));
    expect(matchers.length).toBeGreaterThan(2);
    for (const matcher of matchers) expect(jobs.filter((job) => matcher.test(job))).not.toEqual([]);
    expect(jobs.filter((job) => !matchers.some((matcher) => matcher.test(job)))).toEqual([]);
  });

  test('each have one name, a line in the operations guide, and a state in which they are shown to alarm', () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).toEqual([...new Set(names)]);
    const guide = read('docs/operations/alerts.md').split('\n').filter((line) => line.startsWith('| `Boop')).map((line) => line.split('|')[1]!).join();
    expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
    const tests = parse(read('deploy/prometheus/boop.rules.test.yml')) as { tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[] };
    const shown = new Set(tests.tests.flatMap(({ alert_rule_test: cases = [] }) => cases.flatMap(({ alertname, exp_alerts: alerts }) => (alerts.length > 0 ? [alertname] : []))));
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });
});
