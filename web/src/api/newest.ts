// One value that all tabs see at once, in IndexedDB. What one tab writes to localStorage reaches
// another some time later, even after a lock that was held meanwhile: by then a refresh token that
// was used would be used again. Where there is no IndexedDB, nothing is kept.
const STORE = 'newest'
const KEY = 'tokens'

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('whazz', 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE)
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error ?? new Error('no database'))
  })
}

async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  try {
    const db = await open()
    const transaction = db.transaction(STORE, mode)
    const asked = ask(transaction.objectStore(STORE))
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = reject
    })
    db.close()
    return asked.result
  } catch {
    return null
  }
}

/** What any tab kept last, or null. */
export function readNewest<T>(): Promise<T | null> {
  return run<T>('readonly', (store) => store.get(KEY) as IDBRequest<T>)
}

/** Every tab sees it once this has resolved. */
export async function writeNewest(value: unknown): Promise<void> {
  await run('readwrite', (store) => store.put(value, KEY))
}

export async function dropNewest(): Promise<void> {
  await run('readwrite', (store) => store.delete(KEY))
}
