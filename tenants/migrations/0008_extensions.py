"""What the indexes of searches stand on; both are trusted, so the owner may create them."""

from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_settings")]
    operations = [BtreeGinExtension(), TrigramExtension()]
