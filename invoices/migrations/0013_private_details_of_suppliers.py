"""Take bank accounts, tax numbers and payables out of contacts that are stored already."""

from django.db import migrations

_TAKEN_AWAY = (
    "AccountsPayableTaxType",
    "BankAccountDetails",
    "BatchPayments",
    "PurchasesDefaultAccountCode",
    "PurchasesDefaultLineAmountType",
    "PurchasesTrackingCategories",
    "TaxNumber",
    "TaxNumberType",
    "TrackingCategoryName",
    "TrackingCategoryOption",
    "XeroNetworkKey",
)
_NAMES = ", ".join(f"'{name}'" for name in _TAKEN_AWAY)
_CLEAN = f"""
UPDATE invoices_contact
SET raw = (raw - ARRAY[{_NAMES}]) #- '{{Balances,AccountsPayable}}'
WHERE jsonb_typeof(raw) = 'object'
  AND (raw ?| ARRAY[{_NAMES}] OR raw #> '{{Balances,AccountsPayable}}' IS NOT NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0012_documents_by_what_is_typed")]

    operations = [migrations.RunSQL(_CLEAN, migrations.RunSQL.noop)]
