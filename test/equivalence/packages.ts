import type { Recipe } from "../support/recipes.ts"

/** Of nobody; its key is gone. */
const ownAuthority = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUetL40oiDGIYhC/iatYm1KUe21UkwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNT3duIGF1dGhvcml0eTAgFw0yNjExMjcwNTA0MDFaGA8yMTI2
MTEwMzA1MDQwMVowGDEWMBQGA1UEAwwNT3duIGF1dGhvcml0eTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABDaPh3K+/lK/WzLXwn4wpcJcYaWkECXDhsgwmCTYkqZz
x00C00CLIgZZmeeiRPIUsRLpG23rMAZnMIJsXgNFKZmjUzBRMB0GA1UdDgQWBBTv
sFlxeGTtMAgWqk/HeAjCljHvkzAfBgNVHSMEGDAWgBTvsFlxeGTtMAgWqk/HeAjC
ljHvkzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDf7JZOOwXB
u84erAtL5aNVk+gsqQKrdyOw5Ia5VZ1sNAIhAJp5Hu0bzhCLGj9x7i+k6BX3hydo
cvHihbmCnCqg48dQ
-----END CERTIFICATE-----
`

/** Packages as they are used, each for what its scripts do to a machine. */
export const packageRows: readonly Recipe[] = [
  {
    name: "nginx",
    resources: `
      pkg("nginx"), file("/etc/nginx/sites-available/shop", { template: "./site", variables: { port: 8080 } }),
      link("/etc/nginx/sites-enabled/shop", { target: "../sites-available/shop" }),
      directory("/srv/shop"), file("/srv/shop/index.html", { content: "shop\\n" }),
      service("nginx", { reloadOn: ["/etc/nginx/sites-available/shop"] })`,
    files: { site: "server { listen {{ port }}; root /srv/shop; }\n" },
  },
  {
    name: "apache",
    resources: `
      pkg("apache2"),
      command("rewrite", { run: ["a2enmod", "-q", "rewrite", "headers"], check: ["test", "-e", "/etc/apache2/mods-enabled/rewrite.load"] }),
      command("no default site", { run: ["a2dissite", "-q", "000-default"], check: ["test", "!", "-e", "/etc/apache2/sites-enabled/000-default.conf"] }),
      service("apache2")`,
  },
  {
    name: "postgresql",
    resources: `
      pkg("postgresql"), file("/etc/postgresql/15/main/conf.d/own.conf", { content: "max_connections = 20\\n", owner: "postgres" }),
      service("postgresql", { restartOn: ["/etc/postgresql/15/main/conf.d/own.conf"] })`,
  },
  {
    name: "postgresql-volume",
    resources: `pkg("postgresql"), service("postgresql")`,
    more: `volumes: { data: "/var/lib/postgresql" }`,
    volumes: ["row-1.data"],
  },
  {
    name: "mariadb",
    resources: `pkg("mariadb-server"), service("mariadb")`,
  },
  {
    name: "redis",
    resources: `
      pkg("redis-server"), file("/etc/redis/redis.conf", { content: "bind 127.0.0.1\\ndir /var/lib/redis\\n", owner: "redis", mode: 0o640 }),
      service("redis-server", { restartOn: ["/etc/redis/redis.conf"] })`,
  },
  {
    name: "memcached",
    resources: `pkg("memcached"), file("/etc/memcached.conf", { content: "-m 32\\n-u memcache\\n" }), service("memcached")`,
  },
  {
    name: "openssh",
    resources: `
      pkg("openssh-server"), file("/etc/ssh/sshd_config.d/own.conf", { content: "PasswordAuthentication no\\n", mode: 0o600 }),
      user("deploy", { groups: ["sudo"] }), pkg("sudo"),
      directory("/home/deploy/.ssh", { owner: "deploy", mode: 0o700 }),
      file("/home/deploy/.ssh/authorized_keys", { content: "# none yet\\n", owner: "deploy", mode: 0o600 }),
      file("/etc/sudoers.d/deploy", { content: "deploy ALL=(ALL) NOPASSWD: ALL\\n", mode: 0o440 }),
      service("ssh", { reloadOn: ["/etc/ssh/sshd_config.d/own.conf"] })`,
  },
  {
    name: "cron",
    resources: `
      pkg("cron"), file("/etc/cron.d/nightly", { content: "0 3 * * * root true\\n" }),
      file("/etc/cron.daily/own", { content: "#!/bin/sh\\n", mode: 0o755 }),
      service("cron")`,
  },
  {
    name: "timers",
    resources: `
      pkg("logrotate"), pkg("unattended-upgrades"), service("logrotate.timer"), service("apt-daily.timer", { enabled: false, running: false }),
      file("/etc/systemd/system/report.timer", { content: "[Timer]\\nOnCalendar=daily\\nPersistent=true\\n[Install]\\nWantedBy=timers.target\\n" }),
      file("/etc/systemd/system/report.service", { content: "[Service]\\nType=oneshot\\nExecStart=/bin/true\\n" }),
      service("report.timer")`,
  },
  {
    name: "python-venv",
    resources: `
      pkg("python3-venv"), user("app", { system: true }),
      command("venv", { run: ["python3", "-m", "venv", "--system-site-packages", "/srv/venv"], check: ["test", "-x", "/srv/venv/bin/pip"] })`,
  },
  { name: "node", resources: `pkg("nodejs"), directory("/srv/app"), file("/srv/app/app.js", { content: "0\\n" })` },
  { name: "php", resources: `pkg("php-fpm"), pkg("php-sqlite3"), service("php8.2-fpm")` },
  { name: "java", resources: `pkg("default-jre-headless"), pkg("ca-certificates-java")` },
  {
    name: "mail",
    before: `pkg("postfix")`,
    resources: `
      pkg("postfix"), line("/etc/aliases", { line: "root: ann" }),
      file("/etc/postfix/main.cf", { content: "compatibility_level = 3.6\\nmyhostname = mail.example.com\\n" }),
      command("aliases", { run: ["newaliases"], check: ["sh", "-c", "test /etc/aliases.db -nt /etc/aliases && postalias -q root /etc/aliases"] }),
      service("postfix")`,
  },
  {
    name: "chrony",
    resources: `pkg("chrony"), file("/etc/chrony/conf.d/own.conf", { content: "makestep 1 3\\n" }), service("chrony", { running: false })`,
  },
  {
    name: "rsyslog",
    resources: `pkg("rsyslog"), file("/etc/rsyslog.d/own.conf", { content: "*.* /var/log/all.log\\n" }), service("rsyslog")`,
  },
  { name: "haproxy", resources: `pkg("haproxy"), service("haproxy")` },
  {
    name: "dns",
    resources: `pkg("bind9"), file("/etc/bind/named.conf.local", { content: "// none\\n" }), service("named")`,
  },
  {
    name: "dnsmasq",
    resources: `pkg("dnsmasq"), file("/etc/dnsmasq.d/own.conf", { content: "port=5353\\n" }), service("dnsmasq")`,
  },
  { name: "fail2ban", resources: `pkg("fail2ban"), pkg("nftables"), service("nftables", { running: false })` },
  { name: "metrics", resources: `pkg("prometheus-node-exporter"), service("prometheus-node-exporter")` },
  {
    name: "supervisor",
    resources: `pkg("supervisor"), file("/etc/supervisor/conf.d/own.conf", { content: "[program:own]\\ncommand=/bin/cat\\n" }), service("supervisor")`,
  },
  {
    // A line wants its file to be there, which in place the package of an earlier release brings.
    name: "locales",
    before: `pkg("locales")`,
    resources: `
      pkg("locales"), pkg("tzdata"), line("/etc/locale.gen", { line: "de_DE.UTF-8 UTF-8", match: "^#? *de_DE.UTF-8 UTF-8" }),
      command("locale-gen", { run: ["locale-gen"], check: ["sh", "-c", "locale -a | grep -q de_DE"] }),
      file("/etc/default/locale", { content: "LANG=de_DE.UTF-8\\n" }), link("/etc/localtime", { target: "/usr/share/zoneinfo/Europe/Berlin" })`,
  },
  {
    name: "certificates",
    resources: `
      pkg("ca-certificates"), pkg("openssl"), pkg("curl"), file("/usr/local/share/ca-certificates/own.crt", { source: "./own.crt" }),
      command("trust", { run: ["update-ca-certificates"], check: ["test", "-e", "/etc/ssl/certs/own.pem"] })`,
    files: { "own.crt": ownAuthority },
  },
  { name: "snakeoil", resources: `pkg("ssl-cert"), user("web", { system: true, groups: ["ssl-cert"] })` },
  {
    name: "alternatives",
    resources: `pkg("vim-tiny"), pkg("nano"), command("editor", { run: ["update-alternatives", "--set", "editor", "/bin/nano"], check: ["sh", "-c", "update-alternatives --query editor | grep -q 'Status: manual'"] })`,
  },
  { name: "developer", resources: `pkg("git"), pkg("gcc"), pkg("libc6-dev"), pkg("make"), pkg("man-db")` },
  {
    name: "dpkg-own",
    resources: `
      pkg("hello"),
      command("divert", { run: ["dpkg-divert", "--local", "--rename", "--add", "/usr/bin/hello"], check: ["test", "-e", "/usr/bin/hello.distrib"] }),
      file("/usr/bin/hello", { content: "#!/bin/sh\\necho own\\n", mode: 0o755 }),
      command("statoverride", { run: ["dpkg-statoverride", "--update", "--add", "root", "adm", "4750", "/usr/bin/hello.distrib"], check: ["sh", "-c", "dpkg-statoverride --list /usr/bin/hello.distrib"] }),
      command("hold", { run: ["apt-mark", "hold", "hello"], check: ["sh", "-c", "apt-mark showhold | grep -qx hello"] })`,
  },
  {
    name: "capabilities",
    resources: `
      pkg("libcap2-bin"), pkg("acl"), pkg("attr"), pkg("iputils-ping"),
      file("/usr/local/bin/serve", { content: "#!/bin/sh\\n", mode: 0o755 }),
      command("setcap", { run: ["setcap", "cap_net_bind_service=+ep", "/usr/local/bin/serve"], check: ["sh", "-c", "getcap /usr/local/bin/serve | grep -q bind"] }),
      directory("/srv/shared", { mode: 0o2775, group: "staff" }),
      command("acl", { run: ["setfacl", "-m", "u:daemon:rwx,d:u:daemon:rwx", "/srv/shared"], check: ["sh", "-c", "getfacl -p /srv/shared | grep -q ^user:daemon"] }),
      command("hard link", { run: ["ln", "/usr/local/bin/serve", "/usr/local/bin/serve2"], check: ["test", "-e", "/usr/local/bin/serve2"] }),
      command("pipe", { run: ["mkfifo", "-m", "600", "/srv/pipe"], check: ["test", "-p", "/srv/pipe"] })`,
  },
  {
    name: "network",
    resources: `
      pkg("systemd-resolved"), pkg("polkitd"), pkg("wireguard-tools"), pkg("iptables"),
      file("/etc/sysctl.d/90-own.conf", { content: "net.ipv4.ip_forward = 1\\n" }),
      file("/etc/systemd/network/50-own.network", { content: "[Match]\\nName=none\\n" }), service("systemd-networkd", { running: false })`,
  },
]
