-- Row-level security for the tables of slotcalc: a role sees and edits only the resources whose tenant is its own.
-- `slotcalc.sql.install_policies` runs this file under the names of your tables, with your role and your word for who
-- is asking; as it stands it is for all roles (PUBLIC), and the tenant is the name of the role.
--
-- The owner of the tables and superusers are not bound by policies: programs connect as another role. What happened can
-- be read and added to, not changed: nobody but the owner updates or deletes batches and events, or writes baselines.
-- A booking of somebody else's resource is refused before the exclusion constraint is asked, so that nobody learns from
-- the refusal what is booked there.

ALTER TABLE public.slotcalc_resources ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_slots ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_baselines ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.slotcalc_outbox ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS own_resources ON public.slotcalc_resources;
DROP POLICY IF EXISTS own_slots ON public.slotcalc_slots;
DROP POLICY IF EXISTS own_bookings ON public.slotcalc_bookings;
DROP POLICY IF EXISTS own_requests ON public.slotcalc_requests;
DROP POLICY IF EXISTS own_batches ON public.slotcalc_batches;
DROP POLICY IF EXISTS own_batches_added ON public.slotcalc_batches;
DROP POLICY IF EXISTS own_events ON public.slotcalc_events;
DROP POLICY IF EXISTS own_events_added ON public.slotcalc_events;
DROP POLICY IF EXISTS own_baselines ON public.slotcalc_baselines;
DROP POLICY IF EXISTS own_outbox ON public.slotcalc_outbox;

CREATE POLICY own_resources ON public.slotcalc_resources TO PUBLIC USING (tenant = current_user);
CREATE POLICY own_slots ON public.slotcalc_slots TO PUBLIC USING (EXISTS (
    SELECT FROM public.slotcalc_resources AS r
    WHERE r.resource_key = public.slotcalc_slots.resource_key AND r.tenant = current_user
));
CREATE POLICY own_bookings ON public.slotcalc_bookings TO PUBLIC USING (EXISTS (
    SELECT FROM public.slotcalc_resources AS r
    WHERE r.resource_key = public.slotcalc_bookings.resource_key AND r.tenant = current_user
));
CREATE POLICY own_requests ON public.slotcalc_requests TO PUBLIC USING (EXISTS (
    SELECT FROM public.slotcalc_resources AS r
    WHERE r.resource_key = public.slotcalc_requests.resource_key AND r.tenant = current_user
));
CREATE POLICY own_batches ON public.slotcalc_batches FOR SELECT TO PUBLIC USING (tenant = current_user);
CREATE POLICY own_batches_added ON public.slotcalc_batches FOR INSERT TO PUBLIC WITH CHECK (tenant = current_user);
CREATE POLICY own_events ON public.slotcalc_events FOR SELECT TO PUBLIC USING (tenant = current_user);
CREATE POLICY own_events_added ON public.slotcalc_events FOR INSERT TO PUBLIC WITH CHECK (tenant = current_user);
CREATE POLICY own_baselines ON public.slotcalc_baselines FOR SELECT TO PUBLIC USING (tenant = current_user);
CREATE POLICY own_outbox ON public.slotcalc_outbox TO PUBLIC USING (tenant = current_user);

REVOKE ALL ON public.slotcalc_resources, public.slotcalc_slots, public.slotcalc_bookings, public.slotcalc_requests,
    public.slotcalc_batches, public.slotcalc_events, public.slotcalc_baselines, public.slotcalc_outbox FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON public.slotcalc_resources TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.slotcalc_slots TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.slotcalc_bookings TO PUBLIC;
GRANT SELECT, INSERT ON public.slotcalc_requests TO PUBLIC;
GRANT SELECT, INSERT ON public.slotcalc_batches TO PUBLIC;
GRANT SELECT, INSERT ON public.slotcalc_events TO PUBLIC;
GRANT SELECT ON public.slotcalc_baselines TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.slotcalc_outbox TO PUBLIC;

DO $do$
BEGIN
    IF to_regclass('public.slotcalc_free_from_now') IS NOT NULL THEN
        GRANT SELECT ON public.slotcalc_free_from_now TO PUBLIC;
    END IF;
END
$do$;
