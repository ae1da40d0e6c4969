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
}
