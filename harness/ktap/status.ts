// SPDX-License-Identifier: MIT

import type { KtapDocument, KtapResult } from './parse.ts';

/** What one result means, and why if it is no plain pass. */
export interface Status {
  status: 'pass' | 'fail' | 'skip';
  reason?: string;
}

/**
 * What a result means once its directive and subtests are considered. An expected failure is a
 * skip: it proves nothing about the patch. A pass that was marked as an expected failure is a fail,
 * because the mark is wrong.
 */
export function statusOf(result: KtapResult): Status {
  const own = ownStatus(result);
  if (own.status === 'fail' || !result.subtests) return own;
  const complaint = complaintOf(result.subtests);
  if (complaint !== undefined) return { status: 'fail', reason: complaint };
  return own.status === 'pass' ? unlessAllSkipped(result.subtests) : own;
}

/** A test whose every subtest was skipped has shown nothing. */
function unlessAllSkipped({ results }: KtapDocument): Status {
  const statuses = results.map(statusOf);
  if (results.length === 0 || statuses.some(({ status }) => status === 'pass')) {
    return { status: 'pass' };
  }
  const [first] = statuses;
  const reason = `all ${results.length} subtests were skipped: ${first?.reason}`;
  return { status: 'skip', reason };
}

/** Why a document cannot be believed or did not pass; undefined if it is sound. */
export function complaintOf(document: KtapDocument): string | undefined {
  const [error] = document.errors;
  if (error !== undefined) return error;
  const failed = document.results.find((result) => statusOf(result).status === 'fail');
  return failed && `subtest ${failed.number} ${failed.name} failed`;
}

function ownStatus({ ok, directive, data }: KtapResult): Status {
  switch (directive) {
    case 'SKIP':
      return { status: 'skip', reason: data || 'no reason given' };
    case 'XFAIL':
    case 'TODO':
      return { status: 'skip', reason: because('expected failure', data) };
    case 'XPASS':
      return {
        status: 'fail',
        reason: because('passed though marked as an expected failure', data),
      };
    case 'TIMEOUT':
      return { status: 'fail', reason: because('timed out', data) };
    case 'ERROR':
      return { status: 'fail', reason: because('error', data) };
    default:
      return ok ? { status: 'pass' } : { status: 'fail', ...(data ? { reason: data } : {}) };
  }
}

function because(what: string, data: string): string {
  return data === '' || data === 'unknown' ? what : `${what}: ${data}`;
}
