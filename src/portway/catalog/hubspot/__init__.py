"""HubSpot CRM (https://developers.hubspot.com/docs)."""
