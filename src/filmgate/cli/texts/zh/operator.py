"""Texts of the operator's commands: config, jobs, backups, workers, doctor."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "config.short": "查看和检查配置。",
    "config.help": "查看配置及每个值的来源，并检查服务器能否以此启动。",
    "config_list.short": "列出每项设置的值。",
    "config_list.help": "列出每项设置、引擎、路由、模型、配置档的值。密钥从不显示：文件里只写密钥在哪里。",
    "config_list.show_origin": "显示每个值的来源：文件、环境变量、选项或默认值。",
    "config_check.short": "检查配置。",
    "config_check.help": "按配置构建所有组件但不启动，报告每处错误及修正方法。有错误时退出码为 2。",
    "config_path.short": "输出所用配置文件的路径。",
    "config_path.help": (
        "输出所用配置文件的路径：--config、FILMGATE_CONFIG、./filmgate.toml、用户配置目录中的文件，取第一个存在的。"
        "都没有时退出码为 3。"
    ),
    "config.no_file": "没有配置文件；所有值为默认值，或取自环境变量。",
    "config.default": "默认值",
    "config.defaults": "默认值和环境变量",
    "config.ok": "{file} 没有错误。",
    "config.invalid": "错误：{count} 处。请修正后再检查。",
    "column.value": "值",
    "column.origin": "来源",
    "metavar.text": "文字",
    "column.engine": "引擎",
    "column.changed": "最近变化",
    "column.limits": "限制",
    "jobs.short": "查看所有账户的视频，处理结果未知的提交。",
    "jobs.help": (
        "查看本机服务器（是否运行均可）所有账户的视频，并登记结果未知的提交的实际结果。\n\n\b\n示例：\n  filmgate "
        "jobs list --unresolved\n  filmgate jobs inspect video_…\n  filmgate jobs resolve video_… --as made --note "
        "'对方账单上有'\n"
    ),
    "jobs.outcome": "lost：没有送达；made：已生成并收费，但视频丢失；refunded：厂商已退款。",
    "jobs.note": "依据；随结果一并保存。",
    "jobs.empty": "没有符合条件的视频。",
    "jobs.resolved": "{id}：{outcome}",
    "jobs_list.short": "列出视频，最新的在前。",
    "jobs_list.help": (
        "列出所有账户的视频，最新的在前；加 -q 只输出 ID。\n\n\b\n示例：\n  filmgate jobs list --stuck --for 1h "
        "--engine dmx\n"
    ),
    "jobs_list.unresolved": "筛选任务结果未知的视频：以 submission_unknown 失败且尚未处理。",
    "jobs_list.stuck": "筛选 15 分钟没有变化的未完成视频。",
    "jobs_list.for": "同 --stuck，改为其他时长：30s、20m、2h。",
    "jobs_list.status": "按状态筛选。",
    "jobs_list.engine": "按引擎筛选。",
    "jobs_list.account": "按账户筛选。",
    "jobs_inspect.short": "显示视频的全部记录。",
    "jobs_inspect.help": (
        "显示视频 ID 的全部记录，已删除的也可以：数据行、历史、历次提交及其凭据、账本、文件、webhook 投递。不显示提示"
        "词：它只属于其所有者。"
    ),
    "jobs_resolve.short": "登记结果未知的提交的实际结果。",
    "jobs_resolve.help": (
        "登记视频 ID 的实际结果：它以 submission_unknown 失败，引擎可能已受理，也可能没有。客户端从未被扣款，也不发"
        "生任何资金变动；该视频从待处理列表中移除。以最后一次登记为准。"
    ),
    "backup.short": "在服务器运行时备份数据目录。",
    "backup.help": (
        "在服务器运行时把数据目录复制到 FOLDER（须为空或不存在）：同一时刻的数据行快照、其中引用的每个视频（文件系"
        "统允许时用硬链接，不占空间），以及密钥。最后校验每个文件。\n\n\b\n示例：\n  filmgate backup /backups/$(date "
        "+%F)\n"
    ),
    "backup.done": "{videos} 个视频，{files} 个文件，{size}；已校验。",
    "restore.short": "把备份恢复到空的数据目录。",
    "restore.help": (
        "把备份 FOLDER 恢复到数据目录（--data，须为空或不存在）。\n\n当时未完成的视频可能在备份之后已提交：付费引擎"
        "的视频以 submission_unknown 失败，绝不再次提交；见 `filmgate jobs list --unresolved`。备份之后吊销的密钥会重"
        "新有效。\n\n\b\n示例：\n  filmgate restore /backups/2026-11-20 --data /var/lib/filmgate\n"
    ),
    "restore.done": "{videos} 个视频，{files} 个文件，{size}；其中 {unfinished} 个当时未完成。",
    "gc.short": "删除过期文件和孤儿文件。",
    "gc.help": "删除过期视频的文件，以及没有数据行引用的文件；运行中的服务器每五分钟自动执行一次。",
    "gc.dry_run": "只统计数量。",
    "gc.verify": "同时读取每个已存储的文件，列出损坏的文件；有损坏时退出码为 12。",
    "gc.done": "已删除：过期 {expired} 个，无数据行引用的 {orphans} 个，不完整的 {staged} 个。",
    "gc.dry_run_done": "有过期文件 {expired} 个，无数据行引用的 {orphans} 个。",
    "migrate.short": "升级数据库。",
    "migrate.help": (
        "在没有服务器运行时，把数据库升级到本版本。`serve` 启动时会自动升级；此命令用于单独升级，例如在备份之后。"
    ),
    "migrate.done": "{data}：版本 {revision}",
    "worker.short": "在服务器之外运行工作进程。",
    "worker.help": (
        "运行工作进程：在同一台机器、同一数据目录上生成视频。它若中断，其他进程会接管它的任务。SIGTERM 使它停止。"
        "\n\n\b\n示例：\n  FILMGATE_WORKER=false filmgate serve &\n  filmgate worker\n"
    ),
    "worker.ready": "工作进程 {name} 正在 {data} 上运行",
    "worker.ready_file": "开始运行后，把名称写入此文件。",
    "keys_rotate.short": "更换 API 密钥。",
    "keys_rotate.help": (
        "以密钥 ID 的名称和限制创建新密钥，并立即或在 --grace 之后吊销旧密钥。新密钥只显示一次。\n\n\b\n示例："
        "\n  filmgate keys rotate key_… --grace 24h\n"
    ),
    "keys_rotate.grace": "旧密钥继续有效的时长：30d、12h、90m；默认立即吊销。",
    "keys.requests_per_minute": "每分钟 {value} 次",
    "keys.running_limit": "同时 {value} 个",
    "keys.models": "{value}",
    "doctor.short": "诊断安装和连接。",
    "doctor.help": (
        "检查本机，以及命令所用的 API（--base-url、配置档或环境变量）：URL、域名解析、端口、证书、密钥、时钟、磁盘、"
        "编解码器、字体。不生成视频，不收费。每个问题都附修正方法；退出码取第一个阻断性问题的。\n\n\b\n示例：\n  "
        "filmgate doctor\n  filmgate doctor --base-url https://filmgate.example\n  "
        "filmgate doctor --upstream dmx --dry-job\n"
    ),
    "doctor.upstream": "改为检查 filmgate.toml 里的这个引擎。",
    "doctor.dry_job": "检查全部通过后，按默认时长生成一个视频。可能产生费用。",
    "doctor.yes": "--dry-job 之前不再询问。",
    "doctor.needs_upstream": "--dry-job 需要 --upstream：请指定由哪个引擎生成视频。",
    "doctor.confirm": "这会让上游生成一个视频，可能收费。继续吗？[y/N]",
    "doctor.needs_yes": "--dry-job 可能产生费用：没有可供确认的终端时请加 --yes。",
    "doctor.passed": "没有发现问题。",
    "doctor.failed": "请从上到下修正标有 FAIL 的项，再检查一次。",
    "doctor.python.message": "Python {version}",
    "doctor.codecs.message": "H.264 和 AAC（PyAV {version}）",
    "doctor.client_only.message": "没有编解码器：只有服务器和 story 需要它（pip install 'filmgate[server]'）",
    "doctor.no_address.message": "没有可用的服务器：未设置 base URL，本机也没有安装内置服务器",
    "doctor.no_address.hint": "传入 --base-url URL 或设置 FILMGATE_BASE_URL；或者：pip install 'filmgate[all]'",
    "doctor.no_codecs.message": "没有 H.264 或 AAC 编码器：{reason}",
    "doctor.no_codecs.hint": "安装 PyAV 自己的 wheel：pip install --force-reinstall av",
    "doctor.disk.message": "{folder} 剩余 {free} MiB",
    "doctor.disk_full.message": "{folder} 只剩 {free} MiB",
    "doctor.disk_full.hint": "请腾出空间（至少 {least} MiB；`filmgate gc` 或缩短保留时间），或用 --data 换个目录。",
    "doctor.embedded.message": "未设置 base URL：由本进程生成视频，保存在 {data}",
    "doctor.local.message": "{name}（{kind}）在本机生成视频，无需检查连接",
    "doctor.address.message": "Base URL {base_url}",
    "doctor.shut_down.message": "{host} 自 {since} 起不再响应任何视频请求",
    "doctor.shut_down.hint": (
        "该服务已关闭。请使用你自己的服务器（`filmgate serve`，再用 --base-url http://127.0.0.1:8000）或其他厂商。"
    ),
    "doctor.normalized.message": "URL {written} 被解释为 {base_url}",
    "doctor.normalized.hint": "请写成 {base_url}：其他程序可能不会做这种规范化。",
    "doctor.unencrypted.message": "{base_url} 没有加密：密钥可能被截获",
    "doctor.unencrypted.hint": "服务器若支持，请用 https://；否则在它前面加上 TLS。",
    "doctor.no_key.message": "没有设置 API 密钥",
    "doctor.no_key.hint": "请设置 --api-key 或 FILMGATE_API_KEY；引擎则在其表中写 key_env 或 key_file。",
    "doctor.dns.message": "{host} 解析为 {address}",
    "doctor.dns_unknown.message": "无法解析域名 {host}：{reason}",
    "doctor.dns_unknown.hint": "请检查拼写，以及本机能否解析域名。",
    "doctor.connection.message": "{host}:{port} 可以连接",
    "doctor.tls.message": "{host}:{port} 可以连接，证书有效",
    "doctor.connection_refused.message": "{host}:{port} 无法连接：{reason}",
    "doctor.connection_refused.hint": "请检查服务器是否在运行、端口是否正确、有没有防火墙拦截。",
    "doctor.certificate.message": "{host} 的证书无效：{reason}",
    "doctor.certificate.hint": "请更新证书、使用签发证书时的域名，或指定其证书颁发机构（ca_file、SSL_CERT_FILE）。",
    "doctor.no_tls.message": "{host}:{port} 不支持 TLS：{reason}",
    "doctor.no_tls.hint": "请把 https:// 改成 http://，或换成支持 TLS 的端口。",
    "doctor.no_response.message": "{url} 没有响应：{reason}",
    "doctor.no_response.hint": "请稍后再试；若持续如此，请查看服务器日志。",
    "doctor.api.message": "{url} 有响应：{count} 个模型；密钥有效",
    "doctor.redirect.message": "{url} 重定向到 {location}",
    "doctor.redirect.hint": "请直接使用重定向的目标地址。",
    "doctor.html.message": "{url} 是网页，不是 API（{status}）",
    "doctor.html.hint": "请用 API 的 URL 而不是网站的：通常以 api. 开头，以 /v1 结尾。",
    "doctor.key_refused.message": "密钥被拒绝（{status}）",
    "doctor.key_refused.hint": "请用这台服务器的密钥；自己的服务器可用 `filmgate keys create` 创建。",
    "doctor.no_models.message": "{url} 不存在（{status}）",
    "doctor.no_models.hint": "请检查 URL 的路径：多数以 /v1 结尾。有的厂商没有模型列表，可忽略此项。",
    "doctor.busy.message": "{url} 过载或停机（{status}）",
    "doctor.busy.hint": "请稍后再试。",
    "doctor.unexpected_response.message": "{url} 的响应不是此 API 的（{status}）",
    "doctor.unexpected_response.hint": "请检查 URL；可能是别的程序在那里监听。",
    "doctor.clock.message": "时钟一致",
    "doctor.clock_skew.message": "服务器的时钟比本机快 {seconds} 秒",
    "doctor.clock_skew.hint": "请校准不准的时钟（`timedatectl set-ntp true`）：过期时间、webhook 和签名 URL 都依赖它。",
    "doctor.models.message": "它提供 {models}",
    "doctor.models_missing.message": "它没有列出 {models}",
    "doctor.models_missing.hint": "请检查引擎的 `models` 里的名称；它列出的有：{listed}",
    "doctor.job.message": "生成并下载了一个 {video_size} 的视频，用时 {seconds} 秒（{size}）",
    "doctor.job_failed.message": "测试视频失败：{reason}",
    "doctor.job_failed.hint": "原因来自上游；常见的是模型名称、余额和该密钥的限制。",
}
