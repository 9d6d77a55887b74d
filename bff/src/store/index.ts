export { listStores } from './list-stores'
