export { type SentEntry, type SyncedEntry, syncOffline } from './sync-offline'
