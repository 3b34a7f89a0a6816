"""AppArmor profiles in annotations, as they were written before there was a field: never passed over in silence."""

import pytest

from tests.manifests.repo import load_text, shown
from tests.manifests.test_problems import DEPLOYMENT, POD, SELECTOR, in_container, one

METADATA = "{name: a, annotations: {container.apparmor.security.beta.kubernetes.io/a: localhost/strict}}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (POD.replace("{name: a}", METADATA, 1), "a.yaml:3:35"),
        (
            DEPLOYMENT.replace("metadata: {labels", f"metadata: {METADATA[:-1].replace('name: a, ', '')}, labels")
            + SELECTOR,
            "a.yaml:6:30",
        ),
    ],
)
def test_a_profile_in_an_annotation_is_refused(text: str, place: str) -> None:
    assert one(text) == f"{place} unsupported-field: an AppArmor profile is not taken from an annotation"


def test_an_annotation_beside_the_field_is_harmless() -> None:
    field = "securityContext: {appArmorProfile: {type: Localhost, localhostProfile: strict}}"
    assert shown(load_text(in_container(field).replace("{name: a}", METADATA, 1))) == []
