/** Another tool that says what is otherwise on a machine. Everything runs on the machine itself, as root. */
export interface Peer {
  readonly name: string
  readonly packages: readonly string[]
  /** Before anything is done to the machine. */
  readonly prepare: string
  /** Prints what differs, whatever its exit code is. */
  readonly look: string
}

/** The same description as in ./project.ts, as far as it is one of resources. */
const manifest = `
file { '/etc/motd': content => "hello\\n", mode => '0644', owner => 'root' }
file { '/etc/web.conf': content => "web\\n", mode => '0644', owner => 'root' }
user { 'app': ensure => present, system => true, shell => '/usr/sbin/nologin' }
service { 'cron': ensure => running, enable => true }
package { ['cron', 'openssh-server', 'sudo', 'perl', 'libcap2-bin', 'probe']: ensure => present }
`

const playbook = `
- hosts: localhost
  connection: local
  gather_facts: true
  tasks:
    - { name: /etc/motd, copy: { dest: /etc/motd, content: "hello\\n", mode: "0644", owner: root } }
    - { name: /etc/web.conf, copy: { dest: /etc/web.conf, content: "web\\n", mode: "0644", owner: root } }
    - { name: app, user: { name: app, system: true, shell: /usr/sbin/nologin, create_home: false } }
    - { name: cron.service, service: { name: cron, state: started, enabled: true } }
    - { name: probe, apt: { name: [cron, openssh-server, sudo, perl, libcap2-bin, probe], state: present } }
`

const write = (path: string, text: string): string => `cat >${path} <<'END'\n${text}END`

export const peers: readonly Peer[] = [
  {
    name: "AIDE",
    packages: ["aide", "aide-common"],
    prepare:
      "aide --config /etc/aide/aide.conf --init >/dev/null 2>&1; mv /var/lib/aide/aide.db.new /var/lib/aide/aide.db",
    look: "aide --config /etc/aide/aide.conf --check 2>&1",
  },
  {
    name: "debsums",
    packages: ["debsums"],
    prepare: "true",
    look: "debsums --all --silent 2>&1",
  },
  {
    name: "Puppet, noop",
    packages: ["puppet-agent"],
    prepare: write("/srv/data/site.pp", manifest),
    look: "puppet apply --noop --color false /srv/data/site.pp 2>&1 | grep noop",
  },
  {
    name: "Ansible, check",
    packages: ["ansible-core"],
    prepare: write("/srv/data/site.yml", playbook),
    look: "ANSIBLE_NOCOLOR=1 ansible-playbook --check /srv/data/site.yml 2>&1 | awk '/^TASK/ { task = $0 } /^changed/ { print task }'",
  },
]
