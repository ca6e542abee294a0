import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeConfig, SETTINGS, settingList } from '../../../src/server/config/config.js';
import { hookList } from '../../../src/server/config/server-hooks.js';
import { SECTIONS } from '../../../src/server/config/setting.js';
import { filesBelow, projectPath } from '../../support/project.js';

/** The settings of gunicorn 26.2.0, hooks included. */
const GUNICORN = `config wsgi_app bind backlog workers worker_class threads worker_connections max_requests max_requests_jitter timeout
graceful_timeout keepalive asgi_loop asgi_lifespan asgi_disconnect_grace_period http_parser limit_request_line limit_request_fields
limit_request_field_size reload reload_engine reload_extra_files spew check_config print_config preload_app sendfile reuse_port chdir daemon
raw_env pidfile worker_tmp_dir user group umask initgroups tmp_upload_dir secure_scheme_headers forwarded_allow_ips pythonpath paste
proxy_protocol proxy_allow_ips protocol uwsgi_allow_ips raw_paste_global_conf permit_obsolete_folding strip_header_spaces
permit_unconventional_http_method permit_unconventional_http_version casefold_http_method forwarder_headers header_map root_path accesslog
disable_redirect_access_to_syslog access_log_format errorlog loglevel capture_output logger_class logconfig logconfig_dict logconfig_json
syslog_addr syslog syslog_prefix syslog_facility enable_stdio_inheritance statsd_host dogstatsd_tags statsd_prefix enable_backlog_metric
proc_name default_proc_name on_starting on_reload when_ready pre_fork post_fork post_worker_init worker_int worker_abort pre_exec pre_request
post_request child_exit worker_exit nworkers_changed on_exit ssl_context keyfile certfile ssl_version cert_reqs ca_certs suppress_ragged_eofs
do_handshake_on_connect ciphers http_protocols http2_cleartext http2_max_concurrent_streams http2_initial_window_size http2_max_frame_size
http2_max_header_list_size dirty_apps dirty_workers dirty_timeout dirty_threads dirty_graceful_timeout on_dirty_starting dirty_post_fork
dirty_worker_init dirty_worker_exit control_socket control_socket_mode control_socket_disable`.split(/\s+/);

const OWN = `boot_timeout pre_stop_delay rolling header_timeout body_timeout write_timeout request_timeout request_timeout_status
max_queued_requests memory_budget max_memory max_memory_hard heap_limit inspect stack_signal access_log_json request_id_header`.split(
	/\s+/,
);

test('There is every setting of gunicorn, and ours, once', () => {
	const names = [...settingList, ...hookList].map(({ name }) => name);
	assert.equal(GUNICORN.length, 119);
	assert.deepEqual(names.toSorted(), [...GUNICORN, ...OWN].toSorted());
	const own = settingList.filter((setting) => setting.own).map(({ name }) => name);
	assert.deepEqual(own.toSorted(), OWN.toSorted());
});

test('Every setting stands under its own name, in a section, and shares no flag', () => {
	for (const [key, { name, section }] of Object.entries(SETTINGS)) {
		assert.equal(key, name);
		assert.ok(SECTIONS.includes(section));
	}
	const flags = settingList.flatMap((setting) => setting.flags);
	assert.equal(new Set(flags).size, flags.length);
});

test('Every default is a value that its own setting takes, and that crosses to a worker', () => {
	for (const { name, kind, default: value } of settingList) assert.deepEqual(kind.check(value), value, name);
	const config = makeConfig();
	assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
});

test('Every setting has words that fit into a sentence', () => {
	for (const { name, doc, support } of [...settingList, ...hookList]) {
		assert.match(doc, /^[A-Z].*\.$/, name);
		if (support.kind !== 'works') assert.match(support.why, /[^.]$/, name);
	}
});

test('Every setting that works is used somewhere', () => {
	const users = [...filesBelow('src/server', '.ts'), ...filesBelow('workers', '.ts')].filter(
		(path) => !path.startsWith('src/server/config/') || path.endsWith('/configuration.ts'),
	);
	const words = new Set(users.flatMap((path) => readFileSync(projectPath(path), 'utf8').match(/\w+/g) ?? []));
	const idle = settingList.filter(({ name, support }) => support.kind === 'works' && !words.has(name)).map(({ name }) => name);
	assert.deepEqual(idle, []);
	const idleHooks = hookList.filter(({ name, support }) => support.kind === 'works' && !words.has(name)).map(({ name }) => name);
	assert.deepEqual(idleHooks, []);
});
