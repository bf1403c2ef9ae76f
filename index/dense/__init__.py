"""The passages whose vectors are nearest to a question's."""
