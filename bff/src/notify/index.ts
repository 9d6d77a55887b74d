export { forgetNotices } from './forget-notices'
export { notifyRoute } from './notify-route'
