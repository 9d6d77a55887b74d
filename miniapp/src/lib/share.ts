import { useShareAppMessage } from '@tarojs/taro'
import { useHome } from './home'
import { useSession } from './session'

/** A card in a chat, with a picture of its own or one of the page, that leads to `path` and says who sent it, if a member did. A page that uses it names enableShareAppMessage. */
export function useShareCard({ title, path, picture }: { title: string; path: string; picture?: 'invite' }): void {
  const { state } = useSession()
  const { data } = useHome({ enabled: state === 'member' })
  const code = data?.shareCode
  useShareAppMessage(() => ({
    title,
    path: code ? `${path}${path.includes('?') ? '&' : '?'}l=${code}` : path,
    ...(picture ? { imageUrl: `/share/${picture}.png` } : {}),
  }))
}
