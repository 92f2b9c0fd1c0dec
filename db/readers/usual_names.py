"""What columns are usually called, by role, the surest name first.

They are compared by `folded`, so neither capitals, accents nor what stands between words matters here.
"""

import re
import unicodedata

_BETWEEN = re.compile(r"[\s_\-.\ufeff]+")

# Of a name, `_` stands for whatever is between its words.
_NAMES = {
    "image": """
        image image_name image_names image_path images file photo photos img picture pictures image_file image_filename
        photo_file photo_path photo_name file_name file_path filename filepath media_path media_file local_path media
        사진 이미지 사진_파일 이미지_파일 사진_경로 이미지_경로 사진명 이미지명 파일명 파일_이름 파일_경로 파일
        画像 写真 画像名 画像ファイル 写真ファイル ファイル名 ファイル 图片 圖片 照片 图像 圖像 文件名 檔名 图片路径
        imagen imágenes foto fotos fotografía archivo nombre_de_archivo imagem imagens arquivo ficheiro nome_do_arquivo
        immagine immagini nome_file fichier nom_de_fichier nom_du_fichier bild bilder datei dateiname bildname
        gambar nama_file hình_ảnh ảnh tên_tệp รูปภาพ รูป ภาพ ชื่อไฟล์
        изображение изображения фото фотография картинка имя_файла файл
        name
    """,
    "text": """
        text tweets caption contents content body full_text post_text tweet_text caption_text tweet post post_content
        message description toot
        본문 내용 캡션 글 글_내용 게시글 게시물 게시글_내용 게시물_내용 텍스트 문구 설명
        本文 内容 テキスト キャプション 投稿 投稿内容 投稿文 ツイート 説明 正文 內容 文本 文案 文字 描述 说明 說明
        texto descripción contenido mensaje leyenda pie_de_foto legenda descrição conteúdo mensagem
        texte légende contenu testo didascalia descrizione contenuto messaggio
        beschreibung inhalt nachricht bildunterschrift beitrag bildtext
        teks keterangan deskripsi isi konten nội_dung văn_bản chú_thích mô_tả
        ข้อความ เนื้อหา คำบรรยาย แคปชั่น แคปชัน
        текст подпись описание содержание сообщение
        title 제목 タイトル 标题 標題
    """,
    "hashtags": """
        hashtags hashtag tags hash_tag tag tag_list hashtag_list keywords keyword
        해시태그 해시_태그 해쉬태그 해시태그들 해시태그_목록 태그 태그_목록 태그들 키워드
        ハッシュタグ タグ キーワード 标签 標籤 话题标签 主题标签 話題標籤 话题 話題 关键词 關鍵字
        etiquetas etiqueta palabras_clave marcadores palavras_chave mots_clés mots_dièse étiquettes
        parole_chiave etichette schlagworte schlagwörter stichwörter stichworte
        tagar kata_kunci thẻ từ_khóa แฮชแท็ก แท็ก
        хештеги хэштеги хештег хэштег теги тэги метки ключевые_слова
        captions
    """,
    "post_id": """
        id_str id post_id tweet_id status_id shortcode short_code media_id uuid guid
        번호 글_번호 게시글_번호 게시물_번호 게시글_id 게시물_id 글_id 고유번호
        投稿id 番号 编号 編號 帖子id
    """,
    "author": """
        author user username user_name screen_name author_name owner owner_username account account_name handle
        creator posted_by nickname profile
        작성자 글쓴이 저자 게시자 작성자명 닉네임 사용자 사용자명 유저 계정 아이디
        投稿者 作者 著者 ユーザー ユーザー名 アカウント 用户 用户名 用戶 博主 發文者 账号 帳號 昵称
        autor autora usuario cuenta usuário utilizador conta auteur utilisateur compte autore utente
        verfasser benutzer benutzername nutzer konto
        penulis pengguna akun tác_giả người_dùng tài_khoản ผู้เขียน ผู้โพสต์ ผู้ใช้
        автор пользователь
    """,
    "posted_at": """
        posted_at date created_at timestamp taken_at created_time published_at publish_date published post_date
        date_posted datetime date_time creation_timestamp taken_at_timestamp created upload_date pub_date time
        날짜 작성일 게시일 작성_일시 게시_일시 작성일자 게시일자 작성_시간 게시_시간
        등록일 등록_일시 업로드_날짜 일시 일자 시간
        日付 投稿日 投稿日時 日時 作成日 日期 时间 時間 发布时间 發布時間 发布日期 發布日期 发表时间
        fecha fecha_de_publicación data_de_publicação date_de_publication data_di_pubblicazione
        datum veröffentlicht veröffentlicht_am erstellt_am
        tanggal waktu ngày ngày_đăng thời_gian วันที่ วันที่โพสต์ เวลา
        дата дата_публикации время
        data
    """,
    "likes": """
        likes like_count likes_count number_of_likes num_likes n_likes like
        edge_liked_by.count edge_media_preview_like.count edge_liked_by edge_media_preview_like
        favorite_count favourite_count reaction_count reactions_count reactions hearts
        좋아요 좋아요_수 좋아요_개수 좋아요_횟수 공감 공감_수 추천_수
        いいね いいね数 点赞数 点赞 点赞量 獲讚數 按讚數 按讚 讚數
        me_gusta número_de_me_gusta curtidas gostos mentions_j'aime j'aime mi_piace gefällt_mir
        suka jumlah_suka lượt_thích ถูกใจ ยอดไลค์ лайки нравится
    """,
    "comments": """
        comment_count comments_count number_of_comments num_comments n_comments
        edge_media_to_comment.count edge_media_to_parent_comment.count edge_media_to_comment
        edge_media_to_parent_comment reply_count replies_count
        댓글_수 댓글_개수 コメント数 评论数 評論數 评论量 留言數 número_de_comentarios número_de_comentários
        nombre_de_commentaires numero_di_commenti anzahl_kommentare jumlah_komentar số_bình_luận
        comments 댓글 コメント 评论 評論 留言 comentarios comentários commentaires commenti kommentare komentar
        bình_luận ความคิดเห็น комментарии
    """,
    "views": """
        views view_count views_count number_of_views num_views n_views video_view_count video_views play_count plays
        impressions impression_count
        조회수 조회 조회_횟수 노출수 閲覧数 表示回数 再生回数 再生数 浏览量 浏览数 瀏覽數 观看次数 觀看次數 阅读量
        播放量 visualizaciones número_de_visualizaciones visualizações vues nombre_de_vues visualizzazioni aufrufe
        dilihat tayangan lượt_xem ยอดวิว ยอดเข้าชม просмотры
    """,
    "given": "given given_hashtags",
}


def folded(name: str) -> str:
    """The form in which names of columns are compared."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(letter for letter in apart if unicodedata.category(letter) != "Mn")
    return _BETWEEN.sub("", unicodedata.normalize("NFC", letters))


USUAL_NAMES = {role: tuple(dict.fromkeys(map(folded, names.split()))) for role, names in _NAMES.items()}
