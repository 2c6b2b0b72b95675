"""The reference is made from the schema and kept in step with it."""

from pathlib import Path

from scenarios.plan import schema
from scenarios.plan.reference import reference
from solver.rules import LAWS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "plan.md"


def test_the_page_is_what_the_schema_says():
    assert DOCS.read_text(encoding="utf-8") == reference()


def test_every_table_and_column_is_described():
    text = reference()
    for name, model in schema.TABLES.items():
        assert f"\n## {name}\n" in text
        assert all(field.description for field in model.model_fields.values())


def test_references_and_keys_name_columns_that_exist():
    for table, column in schema.REFERENCES:
        assert column in schema.TABLES[table].model_fields
    for table, column in schema.NAMED_BY.items():
        assert column in schema.TABLES[table].model_fields
    for table, key in schema.KEYS.items():
        assert set(key) <= set(schema.TABLES[table].model_fields)


def test_a_plan_may_name_every_law_file():
    """`us-fair-workweek` was a file that no plan could ask for."""
    choices = schema.Settings.model_fields["law"].annotation
    assert set(choices.__args__) == set(LAWS)
