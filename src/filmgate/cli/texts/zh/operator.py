"""For whoever runs a server: jobs, backups, workers, doctor, routes."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "config.short": "查看有哪些配置、取自何处、是否正确。",
    "config.help": "查看有哪些配置、每个值取自何处，以及服务器能否以此启动。",
    "config_list.short": "列出每项设置和每个表的值。",
    "config_list.help": "列出每项设置、引擎、路由、模型、配置档的值。密钥从不显示：文件里只写密钥在哪里。",
    "config_list.show_origin": "说明每个值取自何处：文件、环境变量、选项或默认值。",
    "config_check.short": "指出配置中的每处错误及其改法。",
    "config_check.help": "把配置的一切搭建起来但不启动，指出每处错误及其改法。有错误时以 2 结束。",
    "config_path.short": "打印所读的文件。",
    "config_path.help": (
        "打印所读的文件：--config 指定的、FILMGATE_CONFIG 指定的、./filmgate.toml、用户配置目录中的，先有者为准。"
        "都没有时以 3 结束。"
    ),
    "config.no_file": "没有读取任何文件；全部为默认值，或取自环境变量。",
    "config.default": "默认值",
    "config.defaults": "默认值和环境变量",
    "config.ok": "{file} 没有错误。",
    "config.invalid": "错误：{count} 处。请改正后再检查。",
    "column.value": "值",
    "column.origin": "取自",
    "metavar.text": "文字",
    "column.engine": "引擎",
    "column.changed": "最近变化",
    "column.limits": "限制",
    "jobs.short": "查看所有账户的视频，了结存疑的提交。",
    "jobs.help": (
        "查看本机服务器（运行与否均可）所有账户的视频，并说明存疑的提交后来怎样。\n\n\b\n示例：\n  filmgate jobs "
        "list --unresolved\n  filmgate jobs inspect video_…\n  filmgate jobs resolve video_… --as made --note '对方"
        "账单上有'\n"
    ),
    "jobs.outcome": "lost：没有送达；made：做出来了，钱白花了；refunded：钱退回来了。",
    "jobs.note": "您如何得知；一并保存。",
    "jobs.empty": "没有。",
    "jobs.resolved": "{id}：{outcome}",
    "jobs_list.short": "列出视频，新的在前。",
    "jobs_list.help": (
        "列出所有账户的视频，新的在前；加 -q 只列编号。\n\n\b\n示例：\n  filmgate jobs list --stuck --for 1h "
        "--engine dmx\n"
    ),
    "jobs_list.unresolved": "只列以 submission_unknown 结束且尚未了结的。",
    "jobs_list.stuck": "只列 15 分钟没有动静的未完成视频。",
    "jobs_list.for": "同上，改为这么久：30s、20m、2h。",
    "jobs_list.status": "只列处于此状态的。",
    "jobs_list.engine": "只列此引擎的。",
    "jobs_list.account": "只列此账户的。",
    "jobs_inspect.short": "显示一个视频的全部情况。",
    "jobs_inspect.help": (
        "显示视频 ID 的全部情况，已删除的也行：记录、历史、历次提交及其凭据、账目、文件、webhook 投递。提示词只归"
        "其主人。"
    ),
    "jobs_resolve.short": "说明一次存疑的提交后来怎样。",
    "jobs_resolve.help": (
        "说明视频 ID 后来怎样：它以 submission_unknown 结束，引擎可能收到了，也可能没有。客户从未被收费，也不动任"
        "何款项；它从存疑列表中移除。以最后一次说的为准。"
    ),
    "backup.short": "在服务器运行时复制数据目录。",
    "backup.help": (
        "在服务器运行时把数据目录复制到 FOLDER（须为空或不存在）：某一时刻的记录、其中提到的每部影片（文件系统允"
        "许时用硬链接，不占空间），以及密钥。最后全部重读核对。\n\n\b\n示例：\n  filmgate backup /backups/$(date "
        "+%F)\n"
    ),
    "backup.done": "{videos} 个视频，{files} 个文件，{size}；已核对。",
    "restore.short": "把备份放进空的数据目录。",
    "restore.help": (
        "把备份 FOLDER 放进数据目录（--data，须为空或不存在）。\n\n当时未完成的视频可能在备份之后已提交：付费引擎"
        "的一律以 submission_unknown 结束，绝不再次提交；见 `filmgate jobs list --unresolved`。备份之后作废的密钥又"
        "会有效。\n\n\b\n示例：\n  filmgate restore /backups/2026-11-20 --data /var/lib/filmgate\n"
    ),
    "restore.done": "{videos} 个视频，{files} 个文件，{size}；其中 {unfinished} 个当时未完成。",
    "gc.short": "删除过期的文件。",
    "gc.help": "删除过期影片的文件，以及没有任何记录提到的文件；运行中的服务器每五分钟会自己做一次。",
    "gc.dry_run": "只说有多少。",
    "gc.done": "已删除：过期 {expired} 个，无记录的 {orphans} 个，未写完的 {staged} 个。",
    "gc.dry_run_done": "有过期文件 {expired} 个，无记录的 {orphans} 个。",
    "migrate.short": "把记录升级到当前版本。",
    "migrate.help": (
        "在没有服务器运行时，把数据库升级到本版本。`serve` 会自己做；此命令供想在备份之后单独做的人使用。"
    ),
    "migrate.done": "{data}：版本 {revision}",
    "worker.short": "在服务器之外另开进程制作视频。",
    "worker.help": (
        "在独立的进程里制作视频，与服务器同一台机器、同一数据目录。它若中断，其他进程会接着做。SIGTERM 让它结束。"
        "\n\n\b\n示例：\n  FILMGATE_WORKER=false filmgate serve &\n  filmgate worker\n"
    ),
    "worker.ready": "以 {name} 之名在 {data} 上制作视频",
    "worker.ready_file": "开始工作后把名称写入此文件。",
    "keys_rotate.short": "更换密钥。",
    "keys_rotate.help": (
        "以密钥 ID 的名称和限制生成新密钥，并让旧的立即或在 --grace 之后失效。新密钥只显示这一次。\n\n\b\n示例："
        "\n  filmgate keys rotate key_… --grace 24h\n"
    ),
    "keys_rotate.grace": "旧密钥还能用多久：30d、12h、90m；不给则立即失效。",
    "keys.requests_per_minute": "每分钟 {value} 次",
    "keys.running_limit": "同时 {value} 个",
    "keys.models": "{value}",
    "doctor.short": "找出哪里不对，怎样改正。",
    "doctor.help": (
        "检查本机，以及命令所连接的 API（--base-url、配置档或环境变量）：地址、域名、端口、证书、密钥、时钟、磁盘"
        "、编解码器、字体。什么都不制作，不花钱。每个问题都说明改法；退出码取最严重的一个。\n\n\b\n示例：\n  "
        "filmgate doctor\n  filmgate doctor --base-url https://gate.example\n  filmgate doctor --upstream dmx "
        "--dry-job\n"
    ),
    "doctor.upstream": "改为检查 filmgate.toml 里的这个引擎。",
    "doctor.dry_job": "若无其他问题，让它按默认长度做一部影片。可能要花钱。",
    "doctor.yes": "--dry-job 之前不再询问。",
    "doctor.needs_upstream": "--dry-job 需要 --upstream：请说明让哪个引擎做影片。",
    "doctor.confirm": "这会让上游做一部影片，可能收费。继续吗？[y/N]",
    "doctor.needs_yes": "--dry-job 可能要花钱：无人可问时请加 --yes。",
    "doctor.passed": "一切就绪。",
    "doctor.failed": "请从上到下改正标有 FAIL 的项，再检查一次。",
    "doctor.python.message": "Python {version}",
    "doctor.codecs.message": "H.264 和 AAC（PyAV {version}）",
    "doctor.client_only.message": "没有编解码器：只有服务器和 story 需要它（pip install 'filmgate[server]'）",
    "doctor.no_address.message": "没有可用的服务器：没有设置地址，本机也没有安装",
    "doctor.no_address.hint": "传入 --base-url URL 或设置 FILMGATE_BASE_URL；或者：pip install 'filmgate[all]'",
    "doctor.no_codecs.message": "没有 H.264 或 AAC 编码器：{reason}",
    "doctor.no_codecs.hint": "安装 PyAV 自己的 wheel：pip install --force-reinstall av",
    "doctor.disk.message": "{folder} 剩余 {free} MiB",
    "doctor.disk_full.message": "{folder} 只剩 {free} MiB",
    "doctor.disk_full.hint": "请腾出空间（至少 {least} MiB；`filmgate gc` 或缩短保留时间），或用 --data 换个目录。",
    "doctor.embedded.message": "没有指定服务器：影片在本进程里制作，放在 {data}",
    "doctor.local.message": "{name}（{kind}）在本机制作影片，无需连接别处",
    "doctor.address.message": "地址 {base_url}",
    "doctor.shut_down.message": "{host} 自 {since} 起不再应答任何视频请求",
    "doctor.shut_down.hint": (
        "该服务已关闭。请指定您自己的服务器（`filmgate serve`，再用 --base-url http://127.0.0.1:8000）或别的厂商。"
    ),
    "doctor.normalized.message": "地址 {spelt} 被理解为 {base_url}",
    "doctor.normalized.hint": "请写成 {base_url}：别的程序可能会照字面使用。",
    "doctor.unencrypted.message": "{base_url} 没有加密：密钥在途中可被读到",
    "doctor.unencrypted.hint": "服务器若支持，请写 https://；否则在它前面加上 TLS。",
    "doctor.no_key.message": "没有密钥",
    "doctor.no_key.hint": "请给出：--api-key 或 FILMGATE_API_KEY；引擎则在其表中写 key_env 或 key_file。",
    "doctor.dns.message": "{host} 是 {address}",
    "doctor.dns_unknown.message": "查不到域名 {host}：{reason}",
    "doctor.dns_unknown.hint": "请检查拼写，以及本机能否解析域名。",
    "doctor.connection.message": "{host}:{port} 可以连接",
    "doctor.tls.message": "{host}:{port} 可以连接，证书有效",
    "doctor.connection_refused.message": "{host}:{port} 连不上：{reason}",
    "doctor.connection_refused.hint": "请检查服务器是否在运行、端口对不对、中间有没有防火墙。",
    "doctor.certificate.message": "{host} 的证书无效：{reason}",
    "doctor.certificate.hint": "请更新证书、使用证书所写的域名，或指定其签发机构（ca_file、SSL_CERT_FILE）。",
    "doctor.no_tls.message": "{host}:{port} 不支持 TLS：{reason}",
    "doctor.no_tls.hint": "请把 https:// 改成 http://，或换成支持 TLS 的端口。",
    "doctor.no_response.message": "{url} 没有应答：{reason}",
    "doctor.no_response.hint": "请稍后再试；若一直如此，请查看服务器日志。",
    "doctor.api.message": "{url} 有应答：{count} 个模型；密钥有效",
    "doctor.redirect.message": "{url} 转到 {location}",
    "doctor.redirect.hint": "请直接写它转到的地址。",
    "doctor.html.message": "{url} 是网页，不是 API（{status}）",
    "doctor.html.hint": "请用 API 的地址而不是网站的：通常以 api. 开头，以 /v1 结尾。",
    "doctor.key_refused.message": "密钥被拒绝（{status}）",
    "doctor.key_refused.hint": "请用这台服务器的密钥；自己的服务器可用 `filmgate keys create` 生成。",
    "doctor.no_models.message": "{url} 什么都没有（{status}）",
    "doctor.no_models.hint": "请检查地址的路径：多数以 /v1 结尾。有的厂商没有模型列表，那就无关紧要。",
    "doctor.busy.message": "{url} 忙或停机（{status}）",
    "doctor.busy.hint": "请稍后再试。",
    "doctor.unexpected_response.message": "{url} 的应答不是此 API 的（{status}）",
    "doctor.unexpected_response.hint": "请检查地址；是不是别的程序在那里监听？",
    "doctor.clock.message": "时钟一致",
    "doctor.clock_skew.message": "服务器的时钟比本机快 {seconds} 秒",
    "doctor.clock_skew.hint": "请校准不对的那个（`timedatectl set-ntp true`）：过期、webhook 和链接都依赖它。",
    "doctor.models.message": "它提供 {models}",
    "doctor.models_missing.message": "它没有列出 {models}",
    "doctor.models_missing.hint": "请检查引擎的 `models` 里的名称；它列出的有：{there}",
    "doctor.job.message": "做好并取回了一部 {film} 的影片，用时 {seconds} 秒（{size}）",
    "doctor.job_failed.message": "没有做出影片：{reason}",
    "doctor.job_failed.hint": "上游说明了原因；常见的是模型名称、余额和该密钥的限制。",
}
