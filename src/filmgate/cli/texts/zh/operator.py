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
    "config.good": "{file} 没有错误。",
    "config.bad": "错误：{count} 处。请改正后再检查。",
    "column.value": "值",
    "column.origin": "取自",
    "metavar.text": "文字",
    "metavar.name": "名称",
    "column.stage": "步骤",
    "column.engine": "引擎",
    "column.changed": "最近变化",
    "column.limits": "限制",
    "jobs.short": "查看所有账户的视频，了结存疑的提交。",
    "jobs.help": (
        "查看本机服务器（运行与否均可）所有账户的视频，并说明存疑的提交后来怎样。\n\n\b\n示例：\n  filmgate jobs "
        "list --doubtful\n  filmgate jobs inspect video_…\n  filmgate jobs resolve video_… --as made --note '对方"
        "账单上有'\n"
    ),
    "jobs.outcome": "lost：没有送达；made：做出来了，钱白花了；refunded：钱退回来了。",
    "jobs.note": "您如何得知；一并保存。",
    "jobs.none": "没有。",
    "jobs.resolved": "{id}：{outcome}",
    "jobs_list.short": "列出视频，新的在前。",
    "jobs_list.help": (
        "列出所有账户的视频，新的在前；加 -q 只列编号。\n\n\b\n示例：\n  filmgate jobs list --stuck --for 1h "
        "--engine dmx\n"
    ),
    "jobs_list.doubtful": "只列以 submission_unknown 结束且尚未了结的。",
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
        "的一律以 submission_unknown 结束，绝不再次提交；见 `filmgate jobs list --doubtful`。备份之后作废的密钥又"
        "会有效。\n\n\b\n示例：\n  filmgate restore /backups/2026-11-20 --data /var/lib/filmgate\n"
    ),
    "restore.done": "{videos} 个视频，{files} 个文件，{size}；其中 {unfinished} 个当时未完成。",
    "gc.short": "删除过期的文件。",
    "gc.help": "删除过期影片的文件，以及没有任何记录提到的文件；运行中的服务器每五分钟会自己做一次。",
    "gc.dry_run": "只说有多少。",
    "gc.done": "已删除：过期 {expired} 个，无记录的 {orphans} 个，未写完的 {staged} 个。",
    "gc.would": "有过期文件 {expired} 个，无记录的 {orphans} 个。",
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
}
