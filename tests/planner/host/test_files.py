"""Mounted ConfigMaps and Secrets: kept as they should be, in place, whoever changed them."""

import pytest
from msgspec.structs import replace

from agent.model.action import WriteFiles
from agent.model.cause import Commit, Drift
from agent.model.desired import ConfigData, DesiredPod
from agent.model.files import FileSeen
from agent.model.objects.pod import ConfigMapVolume, KeyToPath, SecretVolume, Volume, VolumeMount
from agent.model.observation import Seen
from agent.planner.fingerprint import fingerprint, sha256
from tests.planner.host.build import KEY, act, config_map, container, converge, desired, live, only, plan, pod, secret


def mounting(*config: ConfigData, mode: int = 0o644, items: tuple[KeyToPath, ...] = ()) -> DesiredPod:
    volumes = (
        Volume(name="conf", config_map=ConfigMapVolume(name="settings", default_mode=mode, items=items)),
        Volume(name="keys", secret=SecretVolume(secret_name="password", default_mode=0o400)),
    )
    mounts = (VolumeMount(name="conf", mount_path="/etc/app"), VolumeMount(name="keys", mount_path="/etc/keys"))
    return pod("web", container(volume_mounts=mounts), volumes=volumes, config=config)


SETTINGS = config_map(app__conf="colour = red\n", log__conf="level = info\n")
PASSWORD = secret(token="hunter2")
WANTED = desired(mounting(SETTINGS, PASSWORD))


def path_of(seen: Seen, ending: str) -> str:
    return next(path for path in seen.files if path.endswith(ending))


def test_the_files_look_as_a_kubelet_leaves_them() -> None:
    seen = converge(WANTED)
    uid = live(seen).uid
    root = f"/var/lib/trimtab/pods/{uid}/volumes/configmap/conf"
    data = seen.files[f"{root}/..data"].link
    assert data.startswith("..")
    assert seen.files[f"{root}/app.conf"].link == "..data/app.conf"
    assert seen.files[f"{root}/{data}/app.conf"] == FileSeen(sha256=sha256("colour = red\n"), mode=0o644)
    kept_in_memory = [path for path in seen.files if path.startswith(f"/run/trimtab/pods/{uid}/volumes/secret/keys/")]
    assert len(kept_in_memory) == 3


def test_a_change_in_git_is_written_in_place_and_says_where_it_was_asked_for() -> None:
    changed = desired(mounting(config_map(app__conf="colour = blue\n", log__conf="level = info\n"), PASSWORD))
    action = only(plan(changed, converge(WANTED)))
    assert (action.verb, action.rule, action.consequence) == ("update", "config changed", "in place")
    assert isinstance(action.cause, Commit)
    assert (str(action.cause.object), action.cause.path) == ("ConfigMap default/settings", "data.app.conf")
    assert str(action.cause.location) == "apps/settings.yaml:7:1"
    (difference,) = action.differences
    assert difference.path == "spec.volumes[conf].configMap[app.conf]"
    assert difference.desired is not None
    assert difference.desired.startswith("colour = blue (sha256 ")
    assert [type(step) for step in action.steps] == [WriteFiles]
    assert plan(changed, act(changed, converge(WANTED))).actions == ()


def test_a_changed_secret_is_visible_and_its_value_is_not() -> None:
    action = only(plan(desired(mounting(SETTINGS, secret(token="swordfish"))), converge(WANTED)))
    (difference,) = action.differences
    assert (difference.path, difference.sensitive) == ("spec.volumes[keys].secret[token]", True)
    assert difference.live == f"(secret {fingerprint(KEY, 'hunter2')}, mode 0400)"
    assert difference.desired == f"(secret {fingerprint(KEY, 'swordfish')}, mode 0400)"
    assert "hunter2" not in repr(action)
    assert "swordfish" not in repr(action)


def test_a_changed_mode_is_the_pods_change() -> None:
    action = only(plan(desired(mounting(SETTINGS, PASSWORD, mode=0o600)), converge(WANTED)))
    assert isinstance(action.cause, Commit)
    assert (action.cause.object.kind, action.cause.path) == ("Pod", "spec.volumes[conf].configMap")


def tampered(seen: Seen, path: str, file: FileSeen | None) -> Seen:
    files = {**seen.files, path: file} if file else {one: kept for one, kept in seen.files.items() if one != path}
    return replace(seen, files=files)


@pytest.mark.parametrize(
    ("ending", "file", "said"),
    [
        ("/app.conf", None, "app.conf is missing"),
        ("/app.conf", FileSeen(sha256="0" * 64, mode=0o644), "was changed"),
        ("/app.conf", FileSeen(sha256=sha256("colour = red\n"), mode=0o666), "has mode 0666 instead of 0644"),
        ("conf/..data", FileSeen(link="/etc"), "..data points to /etc"),
        ("conf/..data", FileSeen(sha256="0" * 64), "..data points to nothing: it is a file"),
    ],
)
def test_what_was_edited_on_the_host_is_drift(ending: str, file: FileSeen | None, said: str) -> None:
    seen = converge(WANTED)
    path = next(one for one in seen.files if one.endswith(ending) and (not seen.files[one].link or "..data" in ending))
    action = only(plan(WANTED, tampered(seen, path, file)))
    assert (action.verb, action.rule) == ("update", "file drifted")
    assert isinstance(action.cause, Drift)
    assert said in action.cause.what
    assert plan(WANTED, act(WANTED, tampered(seen, path, file))).actions == ()


def test_a_file_that_does_not_belong_is_drift() -> None:
    seen = converge(WANTED)
    extra = path_of(seen, "conf/..data").replace("..data", "planted")
    action = only(plan(WANTED, tampered(seen, extra, FileSeen(sha256="0" * 64))))
    assert isinstance(action.cause, Drift)
    assert action.cause.what == "volume conf: planted does not belong there"


def test_an_older_version_that_was_edited_is_drift_and_not_a_change_in_git() -> None:
    seen = converge(WANTED)
    path = next(one for one, file in seen.files.items() if one.endswith("/app.conf") and not file.link)
    changed = desired(mounting(config_map(app__conf="colour = blue\n"), PASSWORD))
    action = only(plan(changed, tampered(seen, path, FileSeen(sha256="0" * 64, mode=0o644))))
    assert action.rule == "file drifted"


def test_all_files_gone_is_said_shortly() -> None:
    seen = converge(WANTED)
    gone = {path: file for path, file in seen.files.items() if "/secret/" not in path}
    action = only(plan(WANTED, replace(seen, files=gone)))
    assert isinstance(action.cause, Drift)
    assert action.cause.what == "the files of volume keys are gone"


def test_a_container_that_restarts_finds_the_new_files() -> None:
    changed = mounting(config_map(app__conf="colour = blue\n"), PASSWORD)
    (one,) = changed.spec.containers
    changed = replace(changed, spec=replace(changed.spec, containers=(replace(one, image="nginx:1.28"),)))
    made = plan(desired(changed), converge(WANTED))
    assert [(action.id, action.after) for action in made.actions] == [
        ("update default/web", ()),
        ("restart default/web web", ("update default/web",)),
    ]


def test_items_choose_keys_paths_and_modes() -> None:
    items = (KeyToPath(key="app.conf", path="sub/renamed", mode=0o440),)
    seen = converge(desired(mounting(SETTINGS, PASSWORD, items=items)))
    assert [file.mode for path, file in seen.files.items() if path.endswith("/sub/renamed")] == [0o440]
    assert seen.files[path_of(seen, "conf/sub")].link == "..data/sub"
    assert not [path for path in seen.files if path.endswith("log.conf")]
