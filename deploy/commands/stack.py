"""`proctor up | down | status | doctor`: the local stack."""
