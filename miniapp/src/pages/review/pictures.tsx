import { Image, View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { pictureUrl } from '../../lib/upload'
import { tapProps } from '../../ui/tap'

/** The pictures of a hand-in; a tap shows one as large as the screen. Of one that is gone its place stays. */
export function Pictures({ uploads }: { uploads: { uploadId: string; url: string | null }[] }) {
  const urls = uploads.flatMap(({ url }) => (url ? [pictureUrl(url)] : []))
  return (
    <View className="rv-pictures">
      {uploads.map(({ uploadId, url }, index) =>
        url ? (
          <View
            key={uploadId}
            className="rv-picture"
            {...tapProps(() => void Taro.previewImage({ current: pictureUrl(url), urls }), `看第 ${index + 1} 张照片`)}
          >
            <Image
              className="rv-picture__in"
              src={pictureUrl(url)}
              mode="aspectFill"
              imgProps={{ alt: `第 ${index + 1} 张照片` }}
            />
          </View>
        ) : (
          <View key={uploadId} className="rv-picture rv-picture--gone">
            <View className="hy-caption hy-3">已删除或收回</View>
          </View>
        ),
      )}
    </View>
  )
}
