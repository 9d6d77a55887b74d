/** WeChat wants this file where tabs are drawn by the pages themselves; the pages draw ui/tab-bar. */
export default function CustomTabBar() {
  return null
}
