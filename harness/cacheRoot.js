// SPDX-License-Identifier: MIT
import envPaths from 'env-paths';

/** The directory of everything that pinlab builds: below XDG_CACHE_HOME or ~/.cache. */
export function cacheRoot() {
  return envPaths('pinlab', { suffix: '' }).cache;
}
